//! The vendor's page with which a file was compared.

use super::rules::Rules;
use crate::audit::digest::is_digest;
use crate::codegen::{
    load::Source,
    spec::{At, Page},
};

impl Rules<'_> {
    pub(super) fn page(&mut self, source: &Source, page: &At<Page>) {
        if page.id == Some(0) {
            let message = "a page is not numbered 0";
            self.at(
                source,
                page,
                message,
                "the number at the end of its address, or no `id`",
            );
        }
        match &page.updated {
            Some(day) if !day.is_day() => {
                let expected = "the day on which the vendor last changed the text: YYYY-MM-DD";
                self.at(source, day, format!("`{}` is not a day", day.0), expected);
            }
            Some(_) => {}
            None if page.source.is_none() => {
                let message = "nothing says how old the compared text is";
                let expected = "`updated`, the vendor's own date; or `source`, and what is known";
                self.at(source, page, message, expected);
            }
            None => {}
        }
        if let Some(digest) = &page.digest
            && !is_digest(digest)
        {
            let message = "this is not a digest";
            let expected = "the digest that `cargo xtask audit` prints for the page";
            self.at(source, digest, message, expected);
        }
    }
}
