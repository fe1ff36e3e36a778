//! Takes secrets out of texts that came from elsewhere.

use std::{borrow::Cow, collections::HashSet, ops::Range};
use tencent_chat_types::text::quoted;

/// So many bytes of a secret are told from other text.
const TELLING: usize = 16;

/// Shorter secrets are words that texts have for other reasons.
const SHORTEST: usize = 8;

/// How often a text can have been percent-encoded on the way.
const ENCODINGS: usize = 2;

/// More of a text is not looked at: it is not shown either.
const LOOKED_AT: usize = 4 << 10;

/// Every part of a few secrets that is long enough to tell.
pub(crate) struct Redactor<'a>(Vec<(usize, HashSet<&'a [u8]>)>);

impl<'a> Redactor<'a> {
    pub(crate) fn new(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let secrets = secrets.into_iter().map(str::as_bytes);
        let windows = secrets.filter(|s| s.len() >= SHORTEST).map(|secret| {
            let length = secret.len().min(TELLING);
            (length, secret.windows(length).collect())
        });
        Self(windows.collect())
    }

    /// The beginning of a text, without secrets and fit for errors and logs.
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

    /// Takes out what is of a secret, wherever that begins and ends, and percent-encoded too. In time
    /// that grows with the length of the text and not with what stands in it.
    fn redact<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut found = Vec::new();
        let mut view = View::of(text);
        for _ in 0..=ENCODINGS {
            for (length, windows) in &self.0 {
                view.find(*length, windows, &mut found);
            }
            match view.decoded() {
                Some(decoded) => view = decoded,
                None => break,
            }
        }
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        found.sort_unstable_by_key(|range: &Range<usize>| range.start);
        let mut clean = String::with_capacity(text.len());
        let mut done = 0;
        for range in found {
            // Keys need not be ASCII: whole characters go.
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

/// The bytes of a text, as they are or decoded, with where each begins in it.
struct View {
    bytes: Vec<u8>,
    /// One more than bytes: the last is the end of the text.
    starts: Vec<usize>,
}

impl View {
    fn of(text: &str) -> Self {
        Self {
            bytes: text.as_bytes().to_vec(),
            starts: (0..=text.len()).collect(),
        }
    }

    /// Without percent-encoding; none where there is none.
    fn decoded(&self) -> Option<Self> {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        let mut at = 0;
        while let Some(byte) = self.bytes.get(at) {
            let digit = |at: usize| char::from(*self.bytes.get(at)?).to_digit(16);
            let code = match (byte, digit(at + 1), digit(at + 2)) {
                (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
                _ => None,
            };
            bytes.push(code.unwrap_or(*byte));
            starts.push(self.starts[at]);
            at += if code.is_some() { 3 } else { 1 };
        }
        starts.extend(self.starts.last());
        (bytes.len() < self.bytes.len()).then_some(Self { bytes, starts })
    }

    /// Adds where in the text a window stands, windows that overlap or touch as one.
    fn find(&self, length: usize, windows: &HashSet<&[u8]>, found: &mut Vec<Range<usize>>) {
        let mut last: Option<Range<usize>> = None;
        for (at, window) in self.bytes.windows(length).enumerate() {
            if windows.contains(window) {
                let (start, end) = (self.starts[at], self.starts[at + length]);
                match &mut last {
                    Some(last) if start <= last.end => last.end = end,
                    _ => found.extend(last.replace(start..end)),
                }
            }
        }
        found.extend(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::prelude::*;

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
            // Less of it tells nothing.
            for start in 0..=secret.len() - 15 {
                let part = &secret[start..start + 15];
                assert_eq!(redact(part), part);
            }
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for text in ["", "%", "%2", "%zz", "é", "50% of 100 %41", "no signature"] {
            assert_eq!(redact(text), text);
        }
        // A key that is a word is not looked for.
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
    fn texts_of_any_length_are_shown_short() {
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
            // What stands before can make another text of the beginning.
            if end - start >= TELLING && !before.contains('%') {
                prop_assert!(clean.contains("[redacted]"));
            }
        }
    }
}
