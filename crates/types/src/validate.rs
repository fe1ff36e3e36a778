//! Documented limits, which are checked on request before anything is sent.
//!
//! Replies are never validated: they are accepted as they are.

use crate::wire::{Common, Extra, Form, Object, Visit, WireValue, is_initial};
use std::fmt;

/// Types whose documented limits can be checked.
pub trait Validate {
    /// Reports every limit that this value violates.
    fn check(&self, checker: &mut Checker);

    /// Checks all limits and returns all violations at once.
    ///
    /// # Errors
    ///
    /// The fields that violate a documented limit or were never filled in.
    fn validate(&self) -> Result<(), Violations> {
        let mut checker = Checker::default();
        self.check(&mut checker);
        if checker.found.is_empty() {
            Ok(())
        } else {
            Err(Violations(checker.found))
        }
    }
}

/// Maximum number of violations in a message.
const SHOWN: usize = 20;

/// Fields that violate their documented limits; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// The violations, in the order of the fields.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }
}

impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, violation) in self.0.iter().take(SHOWN).enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            violation.fmt(f)?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for Violations {}

/// A field that violates a documented limit.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// Path in wire names: `MsgBody[2].MsgContent.Text`.
    pub path: String,
    /// The violated limit.
    pub limit: Limit,
    /// The actual amount, in the unit of the limit. The value itself is never kept.
    pub found: i128,
}

/// A documented limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// The field is required.
    Required,
    /// Exactly one of the fields that the path lists is required.
    ExactlyOne,
    /// The field must hold a value of its type: not an object instead of a string, nor invalid text.
    Type,
    /// Maximum number of UTF-8 bytes.
    MaxBytes(u32),
    /// Maximum number of characters.
    MaxChars(u32),
    /// Minimum number of list elements.
    MinItems(u32),
    /// Maximum number of list elements.
    MaxItems(u32),
    /// Minimum value.
    Min(i64),
    /// Maximum value.
    Max(i64),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, limit, found } = self;
        match limit {
            Limit::Required => write!(f, "{path} is required"),
            Limit::ExactlyOne => write!(f, "exactly one of {path} is required, not {found}"),
            Limit::Type => write!(f, "{path} has an invalid value"),
            Limit::MaxBytes(max) => {
                write!(f, "{path} has {found} bytes, but at most {max} are allowed")
            }
            Limit::MaxChars(max) => write!(
                f,
                "{path} has {found} characters, but at most {max} are allowed"
            ),
            Limit::MinItems(min) => {
                write!(
                    f,
                    "{path} has {found} entries, but at least {min} are required"
                )
            }
            Limit::MaxItems(max) => {
                write!(
                    f,
                    "{path} has {found} entries, but at most {max} are allowed"
                )
            }
            Limit::Min(min) => write!(f, "{path} is {found}, but must be at least {min}"),
            Limit::Max(max) => write!(f, "{path} is {found}, but must be at most {max}"),
        }
    }
}

/// Collects violations while walking through a value. Allocates only if it finds one.
#[derive(Debug, Default)]
pub struct Checker {
    path: Vec<Step>,
    found: Vec<Violation>,
}

#[derive(Debug)]
enum Step {
    Field(&'static str),
    Index(usize),
    Key(String),
}

fn push_field(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

impl Checker {
    fn report(&mut self, field: &'static str, limit: Limit, found: i128) {
        let path = self.path(Some(field));
        self.found.push(Violation { path, limit, found });
    }

    fn path(&self, field: Option<&'static str>) -> String {
        let mut path = String::new();
        for step in self.path.iter().chain(field.map(Step::Field).as_ref()) {
            match step {
                Step::Field(name) => push_field(&mut path, name),
                Step::Index(i) => path.push_str(&format!("[{i}]")),
                Step::Key(key) => path.push_str(&format!("[{key:?}]")),
            }
        }
        path
    }

    /// The field was missing when the value was decoded, and has not been set since.
    pub fn required(&mut self, field: &'static str, missing: bool) {
        if missing {
            self.report(field, Limit::Required, 0);
        }
    }

    /// The fields that `object` requires are set: reports those that were missing on the wire and have not been set
    /// since, and values that did not fit.
    pub(crate) fn required_fields<T: Object>(&mut self, object: &T) {
        // In a value that was not decoded, nothing can be missing.
        if object.extra().is_empty() {
            return;
        }
        let mut required = Required {
            checker: self,
            extra: object.extra(),
        };
        object.visit(&mut required);
        self.misfits(object.extra());
    }

    /// Of mutually exclusive fields, exactly one is set.
    pub fn exactly_one(&mut self, fields: &[(&'static str, bool)]) {
        let found = fields.iter().filter(|(_, is_set)| *is_set).count();
        if found != 1 {
            let paths: Vec<String> = (fields.iter())
                .map(|(field, _)| self.path(Some(field)))
                .collect();
            let (path, limit, found) = (paths.join(", "), Limit::ExactlyOne, found as i128);
            self.found.push(Violation { path, limit, found });
        }
    }

    /// No invalid values from decoding are still in the object and would be sent.
    pub(crate) fn misfits(&mut self, extra: &Extra) {
        if extra.is_empty() {
            return;
        }
        for misfit in extra.misfits() {
            let mut path = self.path(None);
            push_field(&mut path, &misfit.path());
            let (limit, found) = (Limit::Type, 0);
            self.found.push(Violation { path, limit, found });
        }
    }

    /// The string is at most `max` bytes long.
    pub fn max_bytes(&mut self, field: &'static str, text: &str, max: u32) {
        if text.len() > max as usize {
            self.report(field, Limit::MaxBytes(max), text.len() as i128);
        }
    }

    /// The string is at most `max` characters long.
    pub fn max_chars(&mut self, field: &'static str, text: &str, max: u32) {
        // A character has at least one byte, so most strings need no counting.
        if text.len() > max as usize {
            let chars = text.chars().count();
            if chars > max as usize {
                self.report(field, Limit::MaxChars(max), chars as i128);
            }
        }
    }

    /// The list has at least `min` elements.
    pub fn min_items(&mut self, field: &'static str, count: usize, min: u32) {
        if count < min as usize {
            self.report(field, Limit::MinItems(min), count as i128);
        }
    }

    /// The list has at most `max` elements.
    pub fn max_items(&mut self, field: &'static str, count: usize, max: u32) {
        if count > max as usize {
            self.report(field, Limit::MaxItems(max), count as i128);
        }
    }

    /// The number is at least `min`.
    pub fn min(&mut self, field: &'static str, number: impl Into<i128>, min: i64) {
        let number = number.into();
        if number < i128::from(min) {
            self.report(field, Limit::Min(min), number);
        }
    }

    /// The number is at most `max`.
    pub fn max(&mut self, field: &'static str, number: impl Into<i128>, max: i64) {
        let number = number.into();
        if number > i128::from(max) {
            self.report(field, Limit::Max(max), number);
        }
    }

    /// Descends into a field.
    pub fn inside<T: Validate + ?Sized>(&mut self, field: &'static str, value: &T) {
        self.path.push(Step::Field(field));
        value.check(self);
        self.path.pop();
    }
}

/// Looks for required fields that were missing on the wire and have not been set since.
struct Required<'a> {
    checker: &'a mut Checker,
    extra: &'a Extra,
}

impl Visit for Required<'_> {
    fn required<T>(&mut self, wire: &'static str, _: &'static str, value: &T) -> bool
    where
        T: WireValue + Default + PartialEq + fmt::Debug,
    {
        if matches!(self.extra.form(wire), Form::Absent | Form::Null) {
            self.checker.required(wire, is_initial(value));
        }
        true
    }

    fn optional<T>(&mut self, _: &'static str, _: &'static str, _: &Option<T>) -> bool
    where
        T: WireValue + fmt::Debug,
    {
        true
    }

    fn common<C: Common>(&mut self, _: &'static str, _: &C) -> bool {
        true
    }
}

impl<T: Validate> Validate for [T] {
    fn check(&self, checker: &mut Checker) {
        for (index, item) in self.iter().enumerate() {
            checker.path.push(Step::Index(index));
            item.check(checker);
            checker.path.pop();
        }
    }
}

impl<T: Validate> Validate for Vec<T> {
    fn check(&self, checker: &mut Checker) {
        self.as_slice().check(checker);
    }
}

impl<T: Validate> Validate for Box<T> {
    fn check(&self, checker: &mut Checker) {
        (**self).check(checker);
    }
}

impl<T: Validate> Validate for std::collections::BTreeMap<String, T> {
    fn check(&self, checker: &mut Checker) {
        for (key, item) in self {
            checker.path.push(Step::Key(key.clone()));
            item.check(checker);
            checker.path.pop();
        }
    }
}
