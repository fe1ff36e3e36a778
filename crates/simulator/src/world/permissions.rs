//! Permission groups of communities: what their members may do, in the community and in its topics.

use super::{
    group::{Group, PermissionGroup},
    groups::{allow, group},
    state::State,
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::ErrorCode;

/// Beginning of the ids of permission groups.
const PREFIX: &str = "@PMG#_";

/// A community, with or without topics.
pub(crate) fn community<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refusal> {
    let group = group(state, id)?;
    allow(group.is_community(), "the group is not a community")?;
    Ok(group)
}

/// What is said where there is none.
pub(crate) fn missing() -> Refusal {
    ErrorCode::GROUP_PARAMETER_INVALID.because("there is no such permission group")
}

/// A permission group, to be changed.
pub(crate) fn held<'a>(
    state: &'a mut State,
    community_id: &str,
    id: &str,
) -> Result<&'a mut PermissionGroup, Refusal> {
    let group = community(state, community_id)?;
    group.permission_groups.get_mut(id).ok_or_else(missing)
}

/// Makes a permission group, and answers its id.
pub(crate) fn create(
    state: &mut State,
    community_id: &str,
    own_id: Option<String>,
    new: PermissionGroup,
) -> Result<String, Refusal> {
    let group = community(state, community_id)?;
    if new.name.is_empty() {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("PermissionGroupName is empty"));
    }
    let id = match own_id {
        Some(id) if !id.starts_with(PREFIX) || group.permission_groups.contains_key(&id) => {
            let text = format!("PermissionGroupId is taken or does not begin with {PREFIX}");
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text));
        }
        Some(id) => id,
        None => {
            group.permission_groups_created += 1;
            format!("{PREFIX}@PMG#c{:08}", group.permission_groups_created)
        }
    };
    group.permission_groups.insert(id.clone(), new);
    Ok(id)
}

/// Sets permissions in topics that exist; answers of each whether it does.
pub(crate) fn set_topics(
    state: &mut State,
    community_id: &str,
    id: &str,
    new: impl IntoIterator<Item = (String, u64)>,
) -> Result<Vec<(String, bool)>, Refusal> {
    let group = community(state, community_id)?;
    let held = group.permission_groups.get_mut(id).ok_or_else(missing)?;
    let outcomes = new.into_iter().map(|(topic, permission)| {
        let exists = group.topics.contains_key(&topic);
        if exists {
            held.topics.insert(topic.clone(), permission);
        }
        (topic, exists)
    });
    Ok(outcomes.collect())
}

/// Lets members of the community be members of a permission group too; others are left out.
pub(crate) fn add_members<'a>(
    state: &mut State,
    community_id: &str,
    id: &str,
    users: impl IntoIterator<Item = &'a String>,
) -> Result<(), Refusal> {
    let group = community(state, community_id)?;
    let held = group.permission_groups.get_mut(id).ok_or_else(missing)?;
    for user in users {
        if group.members.contains_key(user) {
            held.members.or_insert(user.clone(), ());
        }
    }
    Ok(())
}
