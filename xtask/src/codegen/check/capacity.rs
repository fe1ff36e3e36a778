//! Limits on what the service stores.

use super::rules::Rules;
use crate::codegen::{load::Source, spec::EndpointFile};

impl Rules<'_> {
    /// A limit must allow something, read as a sentence, and name a code of the command.
    pub(super) fn capacity(&mut self, source: &Source, file: &EndpointFile) {
        for (name, bound) in file.capacity.iter() {
            self.constant(source, name);
            if bound.value.value == 0 {
                let expected = "at least 1, or no such limit";
                self.at(source, &bound.value, "this allows nothing", expected);
            }
            self.doc(source, &bound.of);
            let of = bound.of.trim();
            if of.ends_with('.') || of.starts_with(char::is_uppercase) {
                let expected = "words that continue \"at most 20\"";
                self.at(source, &bound.of, "this is a sentence", expected);
            }
            if let Some(code) = &bound.code
                && !file.errors.iter().any(|listed| listed.value == code.value)
            {
                let message = format!("{} is not among this command's `errors`", code.value);
                self.at(source, code, message, "a listed code");
            }
        }
    }
}
