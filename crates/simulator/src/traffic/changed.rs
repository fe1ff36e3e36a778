//! What a request changed, in the words of the domain.

use crate::world::{Action, Changes, Key, Kind, Part};
use serde::Serialize;
use tencent_chat_types::text::quoted;
use utoipa::ToSchema;

/// Most things of a request that are remembered as changed.
pub(super) const MAX_CHANGED: usize = 100;

/// Something that a request changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[non_exhaustive]
pub struct Changed {
    /// What it is.
    pub kind: ChangedKind,
    /// Its id; that of what is a part of something else has the ids of both, such as `chess/mei`. It is cut
    /// and ends in `…` where it is longer than any that the service gives.
    pub id: String,
    /// What became of it.
    pub action: ChangedAction,
}

/// What something is that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangedKind {
    /// A user.
    User,
    /// A group, with attributes, topics and permission groups.
    Group,
    /// A user in a group: `group/user`.
    Member,
    /// A message: `group/number` or, between two users, `user/user/number`.
    Message,
    /// A friend or a blocked user: `user/other`.
    Friend,
    /// A conversation on a user's list, with its marks and what is not read: `user/other`.
    Conversation,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ChangedAction {
    /// It is new.
    Created,
    /// It is another than before.
    Changed,
    /// It has gone.
    Deleted,
}

/// The things that rows are about, each once: what a row makes of it first counts.
pub(super) fn changed(changes: &Changes) -> Vec<Changed> {
    let mut all: Vec<Changed> = Vec::new();
    for change in &changes.list {
        let Some((kind, id, is_whole)) = thing(&change.key) else {
            continue;
        };
        let action = match (change.action, is_whole) {
            (Action::Created, true) => ChangedAction::Created,
            (Action::Deleted, true) => ChangedAction::Deleted,
            _ => ChangedAction::Changed,
        };
        let is_known = all.iter().any(|known| known.kind == kind && known.id == id);
        if !is_known && all.len() < MAX_CHANGED {
            all.push(Changed { kind, id, action });
        }
    }
    all
}

/// What a row is about, and whether it is all of it. None for counters and marks of duplicates.
fn thing(key: &Key) -> Option<(ChangedKind, String, bool)> {
    let first = || joined(key.parts.get(..1)?);
    let two = || joined(key.parts.get(..2)?);
    let all = || joined(&key.parts);
    // Between the two names stands what kind of conversation it is.
    let conversation = || joined(&[key.parts.first()?.clone(), key.parts.get(2)?.clone()]);
    // A topic stands between group and user.
    let outer = || joined(&[key.parts.first()?.clone(), key.parts.last()?.clone()]);
    let (kind, id, is_whole) = match key.kind {
        Kind::Account => (ChangedKind::User, first(), true),
        Kind::Group => (ChangedKind::Group, first(), true),
        Kind::Attributes | Kind::Topic | Kind::Permission => (ChangedKind::Group, first(), false),
        Kind::Member => (ChangedKind::Member, two(), true),
        Kind::Banned | Kind::LiveMarks | Kind::TopicMute | Kind::PermissionMember | Kind::Read => {
            (ChangedKind::Member, outer(), false)
        }
        Kind::Message | Kind::C2cMessage => (ChangedKind::Message, all(), true),
        Kind::Fate | Kind::C2cFate => (ChangedKind::Message, all(), false),
        Kind::Friend | Kind::Blocked => (ChangedKind::Friend, two(), true),
        Kind::Conversation => (ChangedKind::Conversation, conversation(), true),
        Kind::Marks => (ChangedKind::Conversation, conversation(), false),
        Kind::Unread => (ChangedKind::Conversation, two(), false),
        Kind::App
        | Kind::Push
        | Kind::MadePush
        | Kind::ScheduledPush
        | Kind::Duplicate
        | Kind::Unlisted
        | Kind::List => return None,
    };
    Some((kind, id?, is_whole))
}

fn joined(parts: &[Part]) -> Option<String> {
    let texts = parts.iter().map(|part| match part {
        Part::Number(number) => number.to_string(),
        Part::Text(text) => text.clone(),
    });
    // A message of no topic has an empty part.
    let texts: Vec<String> = texts.filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| quoted(&texts.join("/")).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tencent_chat_types::text::QUOTED_BYTES;

    #[test]
    fn ids_are_cut() {
        let mut changes = Changes::new(false);
        for number in 0..200 {
            let key = Key::of(Kind::Group).text(&format!("{number}{}", "x".repeat(1 << 20)));
            changes.put(key, true, &());
        }
        let changed = changed(&changes);
        assert_eq!(changed.len(), MAX_CHANGED);
        assert!(
            changed
                .iter()
                .all(|changed| changed.id.len() <= QUOTED_BYTES)
        );
    }
}
