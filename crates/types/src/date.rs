//! Dates, such as birthdays: a number on the wire.

use crate::{text::quoted, wire::TagValue};
use std::{fmt, str::FromStr};

/// A date of the Gregorian calendar. On the wire it is a number: 19900401 is April 1, 1990.
///
/// ```
/// use tencent_chat_types::Date;
///
/// let day: Date = "1990-04-01".parse()?;
/// assert_eq!((day.year(), day.month(), day.day()), (1990, 4, 1));
/// assert_eq!(day, Date::new(1990, 4, 1)?);
/// assert_eq!(day.number(), 19900401);
/// assert_eq!(Date::from_number(19900401), Some(day));
/// assert_eq!(day.to_string(), "1990-04-01");
/// assert!(Date::new(2023, 2, 29).is_err());
/// # Ok::<(), tencent_chat_types::NotADate>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Creates a date from its year (1 to 9999), month and day of the month, both starting at 1.
    ///
    /// # Errors
    ///
    /// The date doesn't exist in the calendar.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, NotADate> {
        let date = Self { year, month, day };
        let is_day = (1..=9999).contains(&year) && (1..=days_in(year, month)).contains(&day);
        match is_day {
            true => Ok(date),
            false => Err(NotADate(date.to_string())),
        }
    }

    /// The year.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 for January.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// The number that represents the date on the wire.
    pub fn number(self) -> i64 {
        i64::from(self.year) * 10_000 + i64::from(self.month) * 100 + i64::from(self.day)
    }

    /// The date that a number represents; `None` if it isn't a date, such as 0.
    pub fn from_number(number: i64) -> Option<Self> {
        let year = u16::try_from(number / 10_000).ok()?;
        let month = u8::try_from(number / 100 % 100).ok()?;
        let day = u8::try_from(number % 100).ok()?;
        Self::new(year, month, day).ok()
    }
}

/// The number of days in a month; 0 if there is no such month.
const fn days_in(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

impl fmt::Display for Date {
    /// In the format of ISO 8601: `1990-04-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day } = self;
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Date({self})")
    }
}

impl FromStr for Date {
    type Err = NotADate;

    /// Parses `1990-04-01`.
    fn from_str(text: &str) -> Result<Self, NotADate> {
        let parse = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            let digits = |text: &str, length| {
                text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
            };
            (digits(year, 4) && digits(month, 2) && digits(day, 2)).then_some(())?;
            Self::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
        };
        parse().ok_or_else(|| NotADate(quoted(text).into_owned()))
    }
}

impl From<Date> for TagValue {
    fn from(date: Date) -> Self {
        Self::Integer(date.number())
    }
}

/// A date that doesn't exist in the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotADate(String);

impl fmt::Display for NotADate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is not a valid date; expected one such as 1990-04-01",
            self.0
        )
    }
}

impl std::error::Error for NotADate {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_calendar_is_gregorian() {
        for (year, month, day) in [(2000, 2, 29), (2024, 2, 29), (1, 1, 1), (9999, 12, 31)] {
            assert!(Date::new(year, month, day).is_ok(), "{year} {month} {day}");
        }
        for (year, month, day) in [
            (1900, 2, 29),
            (2023, 2, 29),
            (2024, 4, 31),
            (2024, 0, 1),
            (2024, 13, 1),
            (2024, 1, 0),
            (0, 1, 1),
            (10_000, 1, 1),
        ] {
            assert!(Date::new(year, month, day).is_err(), "{year} {month} {day}");
        }
    }

    #[test]
    fn strings_that_are_not_dates() {
        for text in [
            "",
            "1990",
            "1990-4-1",
            "1990-04-31",
            "19900401",
            "+990-04-01",
            "1990-04-01Z",
        ] {
            let error = text.parse::<Date>().unwrap_err();
            assert!(
                error
                    .to_string()
                    .contains("expected one such as 1990-04-01"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn numbers_and_strings_of_dates_round_trip(number in prop_oneof![any::<i64>(), 0_i64..=99_991_231]) {
            if let Some(date) = Date::from_number(number) {
                prop_assert_eq!(date.number(), number);
                prop_assert_eq!(date.to_string().parse(), Ok(date));
            }
        }

        #[test]
        fn days_are_ordered_like_their_numbers(one in 0_i64..=99_991_231, other in 0_i64..=99_991_231) {
            if let (Some(first), Some(second)) = (Date::from_number(one), Date::from_number(other)) {
                prop_assert_eq!(first.cmp(&second), one.cmp(&other));
            }
        }
    }
}
