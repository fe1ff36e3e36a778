//! Decides what a difference means: errata settle some, and errata that no longer settle anything are obsolete.

use super::{
    compare::{Difference, Grade, Kind, Outcome},
    resolve::{Expected, Held},
};
use crate::codegen::settles::{Settled, SettledKind};

/// The words of a key that settle a kind of difference.
fn settles(kind: Kind, settled: SettledKind, has_path: bool, grade: Grade) -> bool {
    use SettledKind as S;
    // A sample as such may be settled; a field of it needs to be named.
    if settled == S::Sample && !has_path && kind != Kind::Sample {
        return false;
    }
    match kind {
        Kind::Type => settled == S::Type,
        Kind::Required => settled == S::Required,
        Kind::Limit => settled == S::Limit,
        Kind::EnumValue => settled == S::EnumValue,
        Kind::FieldLacking if grade == Grade::SpecOnly => matches!(settled, S::Field | S::Sample),
        Kind::FieldLacking => matches!(settled, S::FieldLacking | S::Sample),
        Kind::CodeLacking if grade == Grade::SpecOnly => settled == S::Code,
        Kind::CodeLacking => settled == S::CodeLacking,
        Kind::CodeMeaning => settled == S::CodeMeaning,
        Kind::Quota => settled == S::Quota,
        Kind::HostLacking => matches!(settled, S::HostLacking | S::Host),
        Kind::Sample => settled == S::Sample,
        // The page's own form has already been handled.
        Kind::Page => false,
        Kind::CommandLacking => settled == S::Command,
    }
}

/// Whether a key refers to this place. Brackets of lists are ignored on both sides.
fn same_place(key: Settled<'_>, path: &str, owners: &[String]) -> bool {
    let plain = |text: &str| text.replace("[]", "").replace("{}", "");
    key.path.is_none_or(|held| {
        let held = plain(held);
        held == plain(path) || owners.iter().any(|owner| plain(owner) == held)
    })
}

/// Keys of errata that were needed.
pub type Used = std::collections::BTreeSet<String>;

/// Grades the differences of one page by the errata of its command.
pub fn explain<'s>(
    outcome: &mut Outcome,
    errata: &[Held<'s>],
    used: &mut Used,
) -> Vec<(Difference, Option<Held<'s>>)> {
    let differences = std::mem::take(&mut outcome.differences);
    (differences.into_iter())
        .map(|mut difference| {
            let held = errata.iter().find_map(|held| {
                let keys = held.erratum.settles.value.iter();
                keys.filter_map(|key| Some((key, Settled::parse(key).ok()?)))
                    .find(|(_, settled)| {
                        // What an erratum says about the name shows to which file it belongs.
                        let named = difference.kind != Kind::CommandLacking
                            || [&held.erratum.says, &held.erratum.place]
                                .iter()
                                .any(|text| {
                                    let name =
                                        difference.page_says.rsplit('/').next().unwrap_or_default();
                                    !name.is_empty() && text.contains(name)
                                });
                        named
                            && settles(
                                difference.kind,
                                settled.kind,
                                settled.path.is_some(),
                                difference.grade,
                            )
                            && same_place(*settled, &difference.path, &difference.owners)
                    })
                    .map(|(key, _)| (held, key.value.clone()))
            });
            let settled = matches!(
                difference.grade,
                Grade::Unexplained | Grade::PageInternal | Grade::SpecOnly
            );
            let Some((held, key)) = held.filter(|_| settled && !difference.threefold) else {
                return (difference, None);
            };
            used.insert(format!("{} {key}", held.file));
            difference.grade = Grade::Explained;
            (difference, Some(*held))
        })
        .collect()
}

/// Errata about facts on which page and spec agree.
pub fn obsolete<'s>(
    outcome: &Outcome,
    expected: &Expected<'s>,
) -> Vec<(Difference, Held<'s>, String)> {
    let mut found = Vec::new();
    for held in expected
        .errata
        .iter()
        .filter(|held| held.file == expected.file)
    {
        for key in &held.erratum.settles.value {
            let Ok(settled) = Settled::parse(key) else {
                continue;
            };
            let kind = match settled.kind {
                SettledKind::Type => Kind::Type,
                SettledKind::Required => Kind::Required,
                _ => continue,
            };
            let agreed = (outcome.agreed.iter())
                .find(|(path, stated)| *stated == kind && same_place(settled, path, &[]));
            if let Some((path, _)) = agreed {
                let difference = Difference {
                    kind,
                    path: path.clone(),
                    page_says: "what the spec holds".to_owned(),
                    spec_says: format!("an erratum: {}", held.erratum.says),
                    grade: Grade::ObsoleteErratum,
                    line: 0,
                    owners: Vec::new(),
                    threefold: false,
                };
                found.push((difference, *held, format!("{} {}", held.file, key.value)));
            }
        }
    }
    found
}
