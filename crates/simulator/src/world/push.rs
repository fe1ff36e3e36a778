//! Pushing to many users, and the attributes and tags that choose among them.

use super::{
    context::Context,
    state::{MadePush, Push, State},
};
use crate::refusal::{Because, Refusal};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{ErrorCode, model::PushAccountType, push::AddUserTags};

/// Longest tag in bytes.
const MAX_TAG_BYTES: usize = AddUserTags::MAX_TAG_BYTES as usize;
/// Most tags of a user.
pub(crate) const MAX_TAGS: usize = AddUserTags::MAX_TAGS as usize;
/// Most pushes of a day.
const MAX_PUSHES: usize = 100;
/// Seconds of a day.
const DAY: u64 = 86_400;

/// Counts a push where there may be one more.
pub(crate) fn count(times: &mut Vec<u64>, now: u64) -> Result<(), Refusal> {
    let last = times.last();
    if last.is_some_and(|last| now.saturating_sub(*last) < 1) {
        return Err(ErrorCode::PUSH_RATE_LIMITED.because("the last push is less than a second ago"));
    }
    let of_today = |time: &u64| now.saturating_sub(*time) < DAY;
    if times.iter().copied().filter(of_today).count() >= MAX_PUSHES {
        return Err(ErrorCode::PUSH_DAILY_QUOTA.because("100 pushes were made today"));
    }
    times.retain(of_today);
    times.push(now);
    Ok(())
}

/// Who gets a push.
pub(crate) struct Conditions<'a> {
    pub(crate) attributes: [&'a Option<BTreeMap<String, String>>; 2],
    pub(crate) tags: Vec<&'a Option<Vec<String>>>,
}

impl Conditions<'_> {
    /// What speaks against them.
    pub(crate) fn check(&self, state: &State) -> Result<(), Refusal> {
        let attributes = self.attributes.into_iter().flatten();
        let tags = || self.tags.iter().copied().flatten();
        if attributes.clone().count() > 0 && tags().count() > 0 {
            return Err(ErrorCode::PUSH_CONDITIONS_MIXED.because("tags and attributes"));
        }
        for name in attributes.flat_map(|attributes| attributes.keys()) {
            check_attribute(state, name)?;
        }
        for list in tags() {
            let different: BTreeSet<&String> = list.iter().collect();
            if different.len() < list.len() {
                return Err(ErrorCode::PUSH_TAGS_REPEATED.because("a tag stands twice"));
            }
            check_tags(list)?;
        }
        Ok(())
    }
}

/// That users can have these tags.
pub(crate) fn check_tags(tags: &[String]) -> Result<(), Refusal> {
    for tag in tags {
        if tag.is_empty() {
            return Err(ErrorCode::PUSH_TAG_EMPTY.because("a tag is empty"));
        }
        if tag.len() > MAX_TAG_BYTES {
            return Err(ErrorCode::PUSH_TAG_TOO_LONG.because("a tag is longer than 50 bytes"));
        }
    }
    Ok(())
}

/// That a user who has some tags can have these as well.
pub(crate) fn check_more_tags(held: &BTreeSet<String>, new: &[String]) -> Result<(), Refusal> {
    let new = new.iter().filter(|tag| !held.contains(*tag)).count();
    match held.len() + new > MAX_TAGS {
        true => Err(ErrorCode::PUSH_TOO_MANY_TAGS.because("a user has at most 100 tags")),
        false => Ok(()),
    }
}

/// That attributes have numbers that there are.
pub(crate) fn check_numbers<'a>(
    mut numbers: impl Iterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let fits = |number: &String| number.len() == 1 && number.as_str() <= "9";
    match numbers.all(fits) {
        true => Ok(()),
        false => Err(ErrorCode::MESSAGE_JSON_UNPARSABLE.because("attributes are numbered 0 to 9")),
    }
}

/// That the app has named an attribute.
pub(crate) fn check_attribute(state: &State, name: &str) -> Result<(), Refusal> {
    let mut names = state.push.attribute_names.values();
    match names.any(|known| known == name) {
        true => Ok(()),
        false => Err(ErrorCode::PUSH_ATTRIBUTE_INVALID.because(format!("{name} is not named"))),
    }
}

/// Whether an attribute belongs to users. The simulator knows no ids of the push SDK.
pub(crate) fn is_for_users(push: &Push, name: &str) -> bool {
    let number = (push.attribute_names.iter()).find(|(_, known)| *known == name);
    let kind = number.and_then(|(number, _)| push.attribute_types.get(number));
    kind.is_none_or(|kind| *kind == PushAccountType::USER)
}

/// Remembers a push that was made, so that it can be recalled.
pub(crate) fn remember(context: &mut Context<'_>, id: &str) {
    let made = MadePush {
        time: context.now,
        recalled: false,
    };
    context.state.push.made.insert(id.to_owned(), made);
}

/// Takes a push of the last day back.
pub(crate) fn recall(context: &mut Context<'_>, id: &str) -> Result<(), Refusal> {
    let now = context.now;
    let push = &mut context.state.push;
    if (push.recalled).is_some_and(|last| now.saturating_sub(last) < 1) {
        let text = "a push was recalled less than a second ago";
        return Err(ErrorCode::PUSH_RECALL_RATE_LIMITED.because(text));
    }
    let made = push.made.get_mut(id);
    let Some(made) = made.filter(|made| now.saturating_sub(made.time) < DAY) else {
        return Err(ErrorCode::PUSH_TASK_NOT_FOUND.because("no push of the last day has this id"));
    };
    if made.recalled {
        return Err(ErrorCode::PUSH_RECALLED.because("the push has been recalled"));
    }
    made.recalled = true;
    push.recalled = Some(now);
    Ok(())
}
