//! Removes secrets from text that comes from outside.

use std::{borrow::Cow, collections::HashSet, ops::Range};
use tencent_chat_types::text::quoted;

/// Number of bytes that identify a part of a secret.
const TELLING: usize = 16;

/// Shorter secrets could be ordinary words.
const SHORTEST: usize = 8;

/// How often a text can have been encoded.
const ENCODINGS: usize = 2;

/// Number of base64 characters that contain an identifying part of a secret.
const TELLING_BASE64: usize = TELLING.div_ceil(3) * 4;

/// The rest of a text is not examined: it is not shown either.
const LOOKED_AT: usize = 4 << 10;

/// Every identifying part of a few secrets, folded.
pub(crate) struct Redactor(Vec<(usize, HashSet<u128>)>);

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().map(|secret| folded(secret.as_bytes()));
        let windows = secrets.filter(|s| s.len() >= SHORTEST).map(|secret| {
            let length = secret.len().min(TELLING);
            (length, secret.windows(length).map(number).collect())
        });
        Self(windows.collect())
    }

    /// The beginning of a text, without secrets and safe for errors and logs.
    pub(crate) fn shown(&self, text: &str) -> String {
        let mut end = text.len().min(LOOKED_AT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut clean = self.redact(&text[..end]);
        if end < text.len() {
            clean.to_mut().push('…');
        }
        quoted(&clean).into_owned()
    }

    /// Removes parts of secrets, wherever they begin and end, even if encoded. The time is proportional to
    /// the length of the text, regardless of its content.
    fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found = Vec::new();
        let mut looked_up = 0;
        let mut view = View::of(text);
        for _ in 0..=ENCODINGS {
            for view in std::iter::once(&view).chain(&view.within_base64()) {
                let bytes = folded(&view.bytes);
                for (length, windows) in &self.0 {
                    looked_up += view.find(&bytes, *length, windows, &mut found);
                }
            }
            match view.decoded() {
                Some(decoded) => view = decoded,
                None => break,
            }
        }
        #[cfg(test)]
        tests::LOOKED_UP.set(looked_up);
        let _ = looked_up;
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable_by_key(|range: &Range<usize>| range.start);
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        for range in found {
            // Keys need not be ASCII: whole characters are removed.
            let (mut start, mut end) = (range.start, range.end);
            while !text.is_char_boundary(start) {
                start -= 1;
            }
            while !text.is_char_boundary(end) {
                end += 1;
            }
            if start > done || clean.is_empty() {
                clean.push_str(&text[done..start.max(done)]);
                clean.push_str("[redacted]");
            }
            done = done.max(end);
        }
        clean.push_str(&text[done..]);
        Cow::Owned(clean)
    }
}

/// The bytes of a text, as they are or decoded, with the position of each in it.
struct View {
    bytes: Vec<u8>,
    /// One more than bytes: the last is the end of the text.
    starts: Vec<usize>,
    /// In the order of their positions.
    taken: Vec<Taken>,
}

/// Characters that an escape consumed, which can also belong to what follows it: in
/// `\xC0ffee` the backslash need not belong to the rest.
#[derive(Clone)]
struct Taken {
    /// Position of the byte after the escape.
    behind: usize,
    /// Folded, with the position of each in the text.
    bytes: Vec<(u8, usize)>,
}

impl View {
    fn of(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            starts: (0..=text.len()).collect(),
            taken: Vec::new(),
        }
    }

    /// Decodes escapes of URLs, JSON or HTML; `None` if there are none.
    fn decoded(&self) -> Option<Self> {
        let (mut bytes, mut starts, mut taken) = (Vec::new(), Vec::new(), Vec::new());
        let mut before = self.taken.iter().peekable();
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let (code, length) = self.escaped(at).unwrap_or((*byte, 1));
            let end = at + length;
            let plain = |places: Range<usize>| {
                let bytes = self.bytes[places.clone()].iter().map(fold);
                bytes.zip(self.starts[places].iter().copied())
            };
            // What follows an earlier escape can be the beginning of another one.
            while let Some(earlier) = before.next_if(|earlier| earlier.behind < end) {
                let rest = (earlier.behind > at).then(|| plain(earlier.behind..end));
                let behind = bytes.len() + usize::from(rest.is_some());
                let mut earlier = earlier.bytes.clone();
                earlier.extend(rest.into_iter().flatten());
                taken.push(Taken {
                    behind,
                    bytes: earlier,
                });
            }
            bytes.push(code);
            starts.push(self.starts[at]);
            // A single character stands for itself.
            if length > 2 {
                taken.push(Taken {
                    behind: bytes.len(),
                    bytes: plain(at + 1..end).collect(),
                });
            }
            at = end;
        }
        starts.extend(self.starts.last());
        (bytes.len() < self.bytes.len()).then_some(Self {
            bytes,
            starts,
            taken,
        })
    }

    /// The byte that an escape represents, and the length of the escape.
    fn escaped(&self, at: usize) -> Option<(u8, usize)> {
        let value = |from: usize, length: usize, radix: u32| {
            let digits = self.bytes.get(from..from + length)?;
            digits.iter().try_fold(0_u8, |number, digit| {
                let digit = char::from(*digit).to_digit(radix)?;
                let number = u32::from(number) * radix + digit;
                u8::try_from(number).ok()
            })
        };
        match self.bytes.get(at..)? {
            [b'%', ..] => Some((value(at + 1, 2, 16)?, 3)),
            [b'\\', b'u' | b'U', ..] => Some((value(at + 2, 4, 16)?, 6)),
            [b'\\', b'x' | b'X', ..] => Some((value(at + 2, 2, 16)?, 4)),
            // Nobody writes the backslash for what begins there.
            [b'\\', b'%' | b'&', ..] if self.escaped(at + 1).is_some() => None,
            [b'\\', escaped, ..] if !escaped.is_ascii_alphanumeric() => Some((*escaped, 2)),
            [b'&', b'#', rest @ ..] => {
                // The longest is that of a byte in hexadecimal with two leading zeros.
                let length = rest.iter().take(7).position(|byte| *byte == b';')?;
                let code = match rest.first()? {
                    b'x' | b'X' => value(at + 3, length.checked_sub(1)?, 16)?,
                    _ => value(at + 2, length, 10)?,
                };
                Some((code, length + 3))
            }
            _ => None,
        }
    }

    /// Decodes it as base64, for each of the four possible alignments.
    fn within_base64(&self) -> Vec<Self> {
        let value = |byte: &u8| match byte {
            b'A'..=b'Z' => Some(byte - b'A'),
            b'a'..=b'z' => Some(byte - b'a' + 26),
            b'0'..=b'9' => Some(byte - b'0' + 52),
            b'+' | b'-' | b'*' => Some(62),
            b'/' | b'_' => Some(63),
            _ => None,
        };
        let mut views = Vec::new();
        let mut begin = 0;
        for run in self.bytes.split(|byte| value(byte).is_none()) {
            let from = begin;
            begin += run.len() + 1;
            if run.len() < TELLING_BASE64 {
                continue;
            }
            for shift in 0..4 {
                let (mut bytes, mut starts) = (Vec::new(), Vec::new());
                let (mut bits, mut held) = (0_u32, 0);
                for (at, byte) in run.iter().enumerate().skip(shift) {
                    bits = (bits << 6) | u32::from(value(byte).unwrap_or_default());
                    held += 6;
                    if held >= 8 {
                        held -= 8;
                        bytes.push((bits >> held) as u8);
                        // It began in the previous character.
                        starts.push(self.starts[from + at - 1]);
                    }
                }
                starts.push(self.starts[from + run.len()]);
                views.push(Self {
                    bytes,
                    starts,
                    taken: Vec::new(),
                });
            }
        }
        views
    }

    /// Adds where in the text a window of its folded bytes is; overlapping or adjacent windows are merged.
    /// Returns how many it examined.
    fn find(
        &self,
        bytes: &[u8],
        length: usize,
        windows: &HashSet<u128>,
        found: &mut Vec<Range<usize>>,
    ) -> usize {
        let mut last: Option<Range<usize>> = None;
        for (at, window) in bytes.windows(length).enumerate() {
            if windows.contains(&number(window)) {
                let (start, end) = (self.starts[at], self.starts[at + length]);
                match &mut last {
                    Some(last) if start <= last.end => last.end = end,
                    _ => found.extend(last.replace(start..end)),
                }
            }
        }
        found.extend(last);
        let mut looked_up = bytes.len();
        for Taken {
            behind,
            bytes: taken,
        } in &self.taken
        {
            for (skipped, (_, start)) in taken.iter().enumerate() {
                let own = &taken[skipped..];
                let end = behind + length.saturating_sub(own.len());
                let Some(rest) = bytes.get(*behind..end) else {
                    continue;
                };
                looked_up += 1;
                let own = own.iter().map(|(byte, _)| byte);
                if windows.contains(&number(own.chain(rest).take(length))) {
                    found.push(*start..self.starts[end]);
                }
            }
        }
        looked_up
    }
}

/// A byte without the differences that leave a secret the same: the case of hexadecimal digits, and
/// which characters base64 uses besides letters and digits.
fn fold(byte: &u8) -> u8 {
    match byte {
        b'+' | b'*' => b'*',
        b'/' | b'-' => b'-',
        b'=' | b'_' => b'_',
        byte => byte.to_ascii_lowercase(),
    }
}

/// Up to 16 bytes as a number.
fn number<'b>(window: impl IntoIterator<Item = &'b u8>) -> u128 {
    (window.into_iter()).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

fn folded(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;
    use std::cell::Cell;

    thread_local! {
        /// How many windows the last text took.
        pub(super) static LOOKED_UP: Cell<usize> = const { Cell::new(0) };
    }

    const SIG: &str =
        "eJyr*grxCdYrSy1S-lIy0jNQ0gHzM1NS80oy0_xyz*ABCDEFGHIJKLMNOPQRSTUVWX-0123456789_abc";
    const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";

    fn redact(text: &str) -> String {
        Redactor::new([SIG, KEY]).redact(text).into_owned()
    }

    fn encode(text: &str) -> String {
        utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
    }

    #[test]
    fn every_window_of_sixteen_bytes_is_redacted() {
        for secret in [SIG, KEY] {
            for length in [16, 17, 30, secret.len()] {
                for start in 0..=secret.len() - length {
                    let part = &secret[start..start + length];
                    let encoded = encode(part);
                    let small = encoded.replace("%2A", "%2a").replace("%2D", "%2d");
                    for text in [part, &*encoded, &*small, &*encode(&encoded)] {
                        assert_eq!(redact(text), "[redacted]", "{text}");
                        let within = format!("é {text} é{text}\n");
                        assert_eq!(redact(&within), "é [redacted] é[redacted]\n");
                    }
                }
            }
            // Less of it identifies nothing.
            for start in 0..=secret.len() - 15 {
                let part = &secret[start..start + 15];
                assert_eq!(redact(part), part);
            }
        }
    }

    /// Forms that are still usable by whoever has them.
    #[test]
    fn an_encoded_secret_is_redacted() {
        let standard: String = SIG
            .chars()
            .map(|c| match c {
                '*' => '+',
                '-' => '/',
                '_' => '=',
                c => c,
            })
            .collect();
        let each = |escape: fn(u32) -> String| -> String {
            SIG.chars().map(|c| escape(u32::from(c))).collect()
        };
        let json = each(|c| format!("\\u{c:04x}"));
        let capital = each(|c| format!("\\U{c:04X}"));
        let html = each(|c| format!("&#{c};"));
        let hex = each(|c| format!("&#x{c:02X};"));
        let c = each(|c| format!("\\x{c:02x}"));
        let slashes = standard.replace('/', "\\/");
        for text in [
            &*KEY.to_uppercase(),
            &standard,
            &slashes,
            &json,
            &capital,
            &html,
            &hex,
            &c,
            &encode(&json),
            &encode(&standard),
            &encode(&slashes),
        ] {
            assert_eq!(redact(&format!("a {text} b")), "a [redacted] b");
        }
        // Base64, with anything before it, and of a part.
        for secret in [SIG, KEY] {
            for before in ["", "x", "xy", "xyz", "{\"usersig\":\"", "é"] {
                for part in [secret, &secret[9..40]] {
                    let inner = format!("{before}{part}");
                    for text in [
                        BASE64_STANDARD.encode(&inner),
                        BASE64_STANDARD_NO_PAD.encode(&inner),
                        BASE64_URL_SAFE.encode(&inner),
                        encode(&BASE64_STANDARD.encode(&inner)),
                    ] {
                        for within in [
                            format!("({text})"),
                            format!("abc{text}"),
                            format!("{text}.x"),
                        ] {
                            let clean = redact(&within);
                            assert!(clean.contains("[redacted]"), "{clean}");
                            // The rest of it is too short to identify it.
                            let left = clean.split("[redacted]").map(str::len).sum::<usize>();
                            assert!(left < 48, "{clean}");
                        }
                    }
                }
            }
        }
    }

    /// An escape that doesn't belong to the secret hides none of it.
    #[test]
    fn text_before_a_secret_hides_none_of_it() {
        for before in [
            "\\", "\\x", "\\u00", "%", "%2", "%25", "&#", "&#x", "\\%", "%5C",
        ] {
            for start in 0..=SIG.len() - 16 {
                let part = &SIG[start..start + 16];
                let encoded = encode(part);
                for part in [part, &*encoded, &*encode(&encoded)] {
                    let clean = redact(&format!("{before}{part} "));
                    assert!(clean.contains("[redacted]"), "{before}{part}: {clean}");
                }
            }
        }
    }

    /// A secret that is cut off at the limit leaves nothing that identifies it.
    #[test]
    fn a_truncated_secret_leaves_no_window() {
        for cut in 0..SIG.len() + 20 {
            for part in [SIG.to_owned(), encode(SIG)] {
                let text = format!("{}{part}", " ".repeat(LOOKED_AT - cut)).repeat(2);
                let mut end = LOOKED_AT;
                while !text.is_char_boundary(end) {
                    end -= 1;
                }
                let clean = redact(&text[..end]);
                let left = clean.trim().replace("[redacted]", "");
                assert!(left.len() < 3 * TELLING, "{left}");
                assert!(!SIG.as_bytes().windows(TELLING).any(|window| {
                    left.as_bytes()
                        .windows(TELLING)
                        .any(|other| window == other)
                }));
            }
        }
    }

    #[test]
    fn the_work_is_proportional_to_the_text() {
        let redactor = Redactor::new([SIG, KEY]);
        // As it is, and in four alignments of base64; in three encodings; for two secrets.
        let most = (1 + 4) * (ENCODINGS + 1) * 2;
        for part in [
            SIG,
            &encode(SIG),
            "%25",
            "\\u0041",
            "A",
            "eJyr",
            "&#",
            "\\",
            " ",
            &SIG[..15],
        ] {
            for length in [100, 1_000, LOOKED_AT] {
                let text = &part.repeat(length)[..length];
                redactor.redact(text);
                let looked_up = LOOKED_UP.get();
                assert!(
                    looked_up >= length && looked_up <= most * length,
                    "{part}: {looked_up}"
                );
            }
        }
        // Nothing beyond what is shown is examined.
        redactor.shown(&SIG.repeat(10_000));
        assert!(LOOKED_UP.get() <= most * LOOKED_AT);
    }

    #[test]
    fn other_text_stays_unchanged() {
        for text in [
            "",
            "%",
            "%2",
            "%zz",
            "é",
            "50% of 100 %41",
            "no signature",
            "\\",
            "\\u00",
            "\\é",
            "&#;",
            "&#x;",
            "&#x",
            "&#999;",
            "&#x41",
            "C:\\dir \\u0041 &#65; VGhpcyBpcyBhIGxvbmcgYmFzZTY0IHRleHQgb2Ygbm8gc2VjcmV0",
        ] {
            assert_eq!(redact(text), text);
        }
        // A key that is a word is not searched for.
        assert_eq!(Redactor::new(["key"]).redact("the key"), "the key");
        assert_eq!(
            Redactor::new(["a longer key"]).redact("xa longer keyx"),
            "x[redacted]x"
        );
        assert_eq!(
            Redactor::new(["ключ приложения"]).redact("«ключ приложения»"),
            "«[redacted]»"
        );
    }

    #[test]
    fn texts_of_any_length_are_truncated() {
        let redactor = Redactor::new([SIG]);
        let echo = format!("{}{SIG}", "x".repeat(LOOKED_AT - 20)).repeat(100);
        for text in [
            &*echo,
            &SIG.repeat(10_000),
            &"%25".repeat(2_000_000),
            &"é".repeat(100_000),
        ] {
            let shown = redactor.shown(text);
            assert!(shown.len() <= tencent_chat_types::text::QUOTED_BYTES && shown.ends_with('…'));
        }
    }

    proptest! {
        #[test]
        fn no_window_survives(before in "[%*\\PC]{0,40}", after in "[%*\\PC]{0,40}", start in 0..60_usize, length in 16..40_usize, encoded in 0..3) {
            let end = (start + length).min(SIG.len());
            let mut part = SIG[start..end].to_owned();
            for _ in 0..encoded {
                part = encode(&part);
            }
            let clean = redact(&format!("{before}{part}{after}"));
            for window in SIG.as_bytes().windows(TELLING) {
                let window = std::str::from_utf8(window).unwrap();
                prop_assert!(!clean.contains(window));
            }
            // Preceding text can decode the beginning differently.
            if end - start >= TELLING && !before.contains('%') {
                prop_assert!(clean.contains("[redacted]"));
            }
        }
    }
}
