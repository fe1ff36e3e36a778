//! Quotas of a command.

use super::rules::Rules;
use crate::codegen::{
    diagnostic::Diagnostic,
    load::Source,
    spec::{Edition, EndpointFile},
};
use std::collections::BTreeSet;

impl Rules<'_> {
    /// Quotas must allow something, count the same list, and not contradict each other.
    pub(super) fn quotas(&mut self, source: &Source, file: &EndpointFile) {
        let start = source.text.find("\nquota").map_or(0, |at| at + 1);
        let mut report = |message: String, expected: String| {
            self.push(Diagnostic::new(source, start..start + 5, message).expected(expected));
        };
        let mut seen = BTreeSet::new();
        let mut counted: Option<&str> = None;
        for quota in file.quota.all() {
            if quota.calls.is_some() == quota.items.is_some() {
                let message = match quota.calls {
                    Some(_) => "a quota counts both calls and items",
                    None => "a quota counts neither calls nor items",
                };
                let expected = "either `calls` or `items` in each quota";
                report(message.to_owned(), expected.to_owned());
                continue;
            }
            if quota.amount() == 0 || quota.seconds == 0 {
                report(
                    "this quota allows nothing".to_owned(),
                    "at least 1 in at least 1 second, or no `quota`".to_owned(),
                );
            }
            let editions = match quota.edition {
                Some(edition) => vec![edition],
                None => vec![Edition::Free, Edition::Paid],
            };
            for edition in editions {
                if !seen.insert((
                    quota.calls.is_some(),
                    quota.seconds,
                    edition == Edition::Free,
                )) {
                    report(
                        format!("two quotas have a window of {} s", quota.seconds),
                        "one quota for each window, unit and edition".to_owned(),
                    );
                }
            }
            if let Some(code) = quota
                .code
                .filter(|code| !(file.errors.iter().any(|listed| listed.value == *code)))
            {
                report(
                    format!("the quota's code {code} is not one of the command's"),
                    format!("{code} in `errors` too"),
                );
            }
            let lists: Vec<&str> = (file.request.0.iter())
                .filter(|(_, field)| field.ty.value.starts_with('['))
                .map(|(name, _)| name.value.as_str())
                .collect();
            let quoted: Vec<String> = lists.iter().map(|name| format!("`{name}`")).collect();
            match (&quota.of, quota.items) {
                (Some(_), None) => report(
                    "`of` is for quotas of items".to_owned(),
                    "`items` instead of `calls`, or no `of`".to_owned(),
                ),
                (None, Some(_)) => report(
                    "a quota of items does not name its list".to_owned(),
                    format!("`of` with a list of the request: {}", quoted.join(", ")),
                ),
                (Some(of), Some(_)) if !lists.contains(&of.as_str()) => report(
                    format!("`{of}` is not a list of the request"),
                    match lists.is_empty() {
                        true => "a quota of calls: the request has no list".to_owned(),
                        false => format!("a list of the request: {}", quoted.join(", ")),
                    },
                ),
                (Some(of), Some(_)) => {
                    let first = *counted.get_or_insert(of);
                    if first != of {
                        report(
                            format!("quotas count the entries of both `{first}` and `{of}`"),
                            "the same list in all quotas of a command".to_owned(),
                        );
                    }
                }
                (None, None) => {}
            }
        }
    }
}
