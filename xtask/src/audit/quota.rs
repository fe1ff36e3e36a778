//! How often a command may be called, according to a page.

use super::vocabulary::{Piece, QuotaWords, Vocabulary};

/// Calls in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quota {
    /// Length of the window in seconds.
    pub seconds: u64,
    /// Calls, messages or whatever is counted.
    pub calls: u64,
}

impl std::fmt::Display for Quota {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.seconds {
            1 => write!(f, "{} a second", self.calls),
            60 => write!(f, "{} a minute", self.calls),
            3600 => write!(f, "{} an hour", self.calls),
            86400 => write!(f, "{} a day", self.calls),
            seconds => write!(f, "{} in {seconds} s", self.calls),
        }
    }
}

/// Words that a [`Piece::Fill`] takes at most.
const FILL: usize = 8;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Number(u64),
    Word(String),
}

/// Every quota that a text states.
pub fn quotas(text: &str, vocabulary: &Vocabulary) -> Vec<Quota> {
    let words = Words::of(&vocabulary.file.quotas);
    let tokens = tokens(text);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let best = (vocabulary.phrases.iter())
            .filter_map(|phrase| words.matches(phrase, &tokens[at..], Found::default()))
            .max_by_key(|(took, _)| *took);
        match best {
            Some((took, quota)) => {
                if quota.calls > 0 && !found.contains(&quota) {
                    found.push(quota);
                }
                at += took.max(1);
            }
            None => at += 1,
        }
    }
    found
}

/// Numbers, runs of ASCII letters, and every other character separately.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(c) = rest.chars().next() {
        let end = if c.is_ascii_digit() {
            let inside = |at: usize| {
                // A comma inside a number groups its digits.
                let bytes = rest.as_bytes();
                bytes[at].is_ascii_digit()
                    || bytes[at] == b','
                        && rest[at + 1..].len() >= 3
                        && bytes[at + 1..at + 4].iter().all(u8::is_ascii_digit)
            };
            (0..rest.len())
                .find(|at| !inside(*at))
                .unwrap_or(rest.len())
        } else if c.is_ascii_alphabetic() {
            rest.find(|c: char| !c.is_ascii_alphabetic())
                .unwrap_or(rest.len())
        } else {
            c.len_utf8()
        };
        let word = &rest[..end];
        if c.is_ascii_digit() {
            tokens.push(Token::Number(
                word.replace(',', "").parse().unwrap_or(u64::MAX),
            ));
        } else {
            tokens.push(Token::Word(word.to_lowercase()));
        }
        rest = rest[end..].trim_start();
    }
    tokens
}

#[derive(Clone, Copy, Default)]
struct Found {
    calls: Option<u64>,
    units: Option<u64>,
    seconds: Option<u64>,
}

struct Words {
    count: Vec<Vec<Token>>,
    once: Vec<Vec<Token>>,
    per: Vec<Vec<Token>>,
    units: Vec<(Vec<Token>, u64)>,
}

impl Words {
    fn of(words: &QuotaWords) -> Self {
        let list = |words: &[String]| words.iter().map(|word| tokens(word)).collect::<Vec<_>>();
        let mut units = Vec::new();
        for (words, seconds) in [
            (&words.second, 1),
            (&words.minute, 60),
            (&words.hour, 3600),
            (&words.day, 86400),
        ] {
            units.extend(list(words).into_iter().map(|word| (word, seconds)));
        }
        Self {
            count: list(&words.count),
            once: list(&words.once),
            per: list(&words.per),
            units,
        }
    }

    fn matches(&self, phrase: &[Piece], tokens: &[Token], found: Found) -> Option<(usize, Quota)> {
        let Some((piece, phrase)) = phrase.split_first() else {
            let quota = Quota {
                calls: found.calls?,
                seconds: found.units.unwrap_or(1).checked_mul(found.seconds?)?,
            };
            return (quota.seconds > 0).then_some((0, quota));
        };
        let go = |took: usize, found: Found| {
            let (more, quota) = self.matches(phrase, &tokens[took..], found)?;
            Some((took + more, quota))
        };
        let longest = |list: &[Vec<Token>]| {
            let fits = list
                .iter()
                .filter(|word| tokens.starts_with(word.as_slice()));
            fits.map(Vec::len).filter(|len| *len > 0).max()
        };
        match piece {
            Piece::Calls => match tokens.first()? {
                Token::Number(calls) => go(
                    1,
                    Found {
                        calls: Some(*calls),
                        ..found
                    },
                ),
                Token::Word(_) => go(
                    longest(&self.once)?,
                    Found {
                        calls: Some(1),
                        ..found
                    },
                ),
            },
            Piece::Seconds => match tokens.first()? {
                Token::Number(units) => go(
                    1,
                    Found {
                        units: Some(*units),
                        ..found
                    },
                ),
                Token::Word(_) => None,
            },
            Piece::Count => go(longest(&self.count)?, found),
            Piece::Per => go(longest(&self.per)?, found),
            Piece::Unit => {
                let fits = self
                    .units
                    .iter()
                    .filter(|(word, _)| tokens.starts_with(word));
                let (word, seconds) = fits.max_by_key(|(word, _)| word.len())?;
                go(
                    word.len(),
                    Found {
                        seconds: Some(*seconds),
                        ..found
                    },
                )
            }
            Piece::Fill => (0..=FILL.min(tokens.len())).find_map(|took| go(took, found)),
        }
    }
}
