//! Makes text from outside safe for errors and logs.
//!
//! Text from the service, a gateway or a stranger can be megabytes long, contain line breaks, move a terminal's
//! cursor and change the direction of what follows. Everything of it that this SDK shows goes through
//! [`quoted`].

use std::borrow::Cow;

/// Maximum number of bytes that [`quoted`] returns.
pub const QUOTED_BYTES: usize = 200;

/// Marks text that was cut off.
const CUT: char = '…';

/// The beginning of a text, on one line, for errors and logs: at most [`QUOTED_BYTES`], ending in
/// `…` if something is cut off. Line breaks, control characters, invisible characters and those that
/// change the direction of text are escaped as in Rust (`\n`, `\u{202e}`); everything else stays
/// unchanged. Quoting is idempotent.
///
/// ```
/// # use tencent_chat_types::text::quoted;
/// assert_eq!(quoted("no such user: 李"), "no such user: 李");
/// assert_eq!(quoted("bad\r\n\x1b[31mname\u{202e}"), r"bad\r\n\u{1b}[31mname\u{202e}");
/// ```
pub fn quoted(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.len() <= QUOTED_BYTES && text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len().min(QUOTED_BYTES) + CUT.len_utf8());
    // The length to keep if the next character is too much.
    let mut kept = 0;
    for c in text.chars() {
        if is_plain(c) {
            shown.push(c);
        } else {
            escape(c, |c| shown.push(c));
        }
        if shown.len() > QUOTED_BYTES {
            shown.truncate(kept);
            shown.push(CUT);
            break;
        }
        if shown.len() + CUT.len_utf8() <= QUOTED_BYTES {
            kept = shown.len();
        }
    }
    Cow::Owned(shown)
}

/// An error with its causes, [`quoted`].
pub fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    quoted(&text).into_owned()
}

/// Whether a character is displayed as itself everywhere: it neither moves a cursor, nor is invisible,
/// nor changes the direction of text. [`quoted`] escapes all others.
pub fn is_shown(c: char) -> bool {
    let mut escaped = [None; 2];
    let mut places = escaped.iter_mut();
    escape(c, |c| {
        if let Some(place) = places.next() {
            *place = Some(c);
        }
    });
    escaped == [Some(c), None] || matches!(c, '"' | '\'' | '\\')
}

/// Emits a character escaped as in Rust.
fn escape(c: char, give: impl FnMut(char)) {
    // After another character, so that accents and vowel signs are not escaped.
    let mut pair = [b' ', 0, 0, 0, 0];
    let length = 1 + c.encode_utf8(&mut pair[1..]).len();
    let pair = std::str::from_utf8(&pair[..length]).unwrap_or_default();
    pair.escape_debug().skip(1).for_each(give);
}

/// A serde error without the offending value, which can be users' text.
pub fn without_value(problem: &str) -> Cow<'_, str> {
    let (start, end) = (problem.find(": string \""), problem.rfind("\", expected"));
    match (start, end) {
        (Some(start), Some(end)) if start < end => {
            let (before, after) = (&problem[..start], &problem[end + 1..]);
            Cow::Owned(format!("{before}: a string{after}"))
        }
        _ => Cow::Borrowed(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn characters_that_move_or_hide_text_are_escaped() {
        for c in ('\0'..=char::MAX).filter(|c| {
            c.is_control()
                || matches!(u32::from(*c),
                    // Soft hyphen, directions, joiners, separators, isolates, byte order mark, tags.
                    0xAD | 0x61C | 0x180E | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F
                    | 0xFEFF | 0xFFF9..=0xFFFB | 0xE0001..=0xE007F)
        }) {
            let text = format!("a{c}b");
            let shown = quoted(&text);
            assert!(
                !shown.contains(c) && shown.contains('\\'),
                "{:x}",
                u32::from(c)
            );
            assert!(!is_shown(c), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn ordinary_text_stays_unchanged() {
        for text in ["李, ñ, n\u{303}, ที่, हिन्दी, 🙂 \"quoted\" \\ it's", "", " "]
        {
            assert_eq!(quoted(text), text);
            assert!(text.chars().all(is_shown), "{text}");
        }
    }

    proptest! {
        #[test]
        fn quoted_is_one_short_line_and_idempotent(text in prop_oneof![".{0,90}", "\\PC{0,300}", "[\\x00-\\xff…]{0,300}"]) {
            let once = quoted(&text);
            prop_assert!(once.len() <= QUOTED_BYTES);
            prop_assert!(!once.contains(char::is_control));
            prop_assert_eq!(quoted(&once), &*once);
            prop_assert!(once.ends_with(CUT) || once.len() >= text.len());
        }
    }
}
