//! Groups as a whole: creating, importing, changing, destroying, giving away.

use super::{
    context::Context,
    group::Group,
    state::{Peer, State},
    step::{Step, ask},
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    ErrorCode,
    group::get_group_info::GroupInfo,
    model::{
        ApplyJoinOption, CustomField, GroupType, InviteJoinOption, MemberAccount, MemberRole,
        MuteAllMember,
    },
    webhook::{
        GroupAfterChangeGroupOwner, GroupAfterChangeGroupOwnerRequired, GroupAfterCreateGroup,
        GroupAfterCreateGroupRequired, GroupAfterGroupDestroyed, GroupAfterGroupDestroyedRequired,
        GroupAfterGroupInfoChanged, GroupAfterGroupInfoChangedRequired, GroupBeforeCreateGroup,
        GroupBeforeCreateGroupAnswer, GroupBeforeCreateGroupRequired,
    },
    wire::Flag,
};

/// Beginning of the ids that the service makes.
const SERVICE_ID: &str = "@TGS#";

/// Most members where neither the request nor a plan says otherwise.
const DEFAULT_MAX_MEMBERS: u64 = 2_000;

/// The group with an id.
pub(crate) fn group<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refusal> {
    if id.is_empty() {
        return Err(ErrorCode::GROUP_ID_INVALID.because("GroupId is empty"));
    }
    let group = state.groups.get_mut(id);
    group.ok_or_else(|| ErrorCode::GROUP_NOT_FOUND.because(format!("there is no group {id}")))
}

/// The kind of a group, as webhooks name it.
pub(crate) fn kind(group: &Group) -> GroupType {
    group.info.r#type.clone().unwrap_or_default()
}

/// That the kind of group allows what is asked.
pub(crate) fn allow(allowed: bool, text: &str) -> Result<(), Refusal> {
    match allowed {
        true => Ok(()),
        false => Err(ErrorCode::GROUP_PERMISSION_DENIED.because(text)),
    }
}

/// A group that is to be.
pub(crate) struct NewGroup {
    /// An id of the app's own; the service makes one otherwise.
    pub(crate) id: Option<String>,
    pub(crate) kind: GroupType,
    pub(crate) name: String,
    pub(crate) owner: Option<String>,
    pub(crate) introduction: Option<String>,
    pub(crate) notification: Option<String>,
    pub(crate) face_url: Option<String>,
    pub(crate) most_members: Option<u64>,
    pub(crate) apply_join: Option<ApplyJoinOption>,
    pub(crate) invite_join: Option<InviteJoinOption>,
    pub(crate) topics: Option<Flag>,
    pub(crate) data: Option<Vec<CustomField>>,
    /// Seconds since 1970; now unless set.
    pub(crate) created: Option<u64>,
    pub(crate) members: Vec<FirstMember>,
}

/// One of the first members of a group.
pub(crate) struct FirstMember {
    pub(crate) user: String,
    pub(crate) role: Option<MemberRole>,
    pub(crate) data: Option<Vec<CustomField>>,
}

impl NewGroup {
    /// What speaks against it; `owner` may have the id already.
    fn check(&self, state: &State, owner: Option<&String>) -> Result<(), Refusal> {
        if !self.kind.is_known() {
            let text = format!("{} is not a kind of group", self.kind);
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text));
        }
        if self.name.is_empty() {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Name is empty"));
        }
        if self.kind == GroupType::AV_CHAT_ROOM && !self.members.is_empty() {
            let text = "an AVChatRoom takes no members";
            return Err(ErrorCode::GROUP_PERMISSION_DENIED.because(text));
        }
        let members = self.members.iter().map(|member| &member.user);
        for user in self.owner.iter().chain(members) {
            if !state.accounts.contains_key(user) {
                let text = format!("{user} is not imported");
                return Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text));
            }
        }
        match &self.id {
            Some(id) => check_own_id(state, id, owner, self.is_community()),
            None => Ok(()),
        }
    }

    fn is_community(&self) -> bool {
        self.kind == GroupType::COMMUNITY
    }

    /// Puts the group into the world, with its members; answers its id.
    fn establish(self, context: &mut Context<'_>) -> String {
        let (state, now) = (&mut *context.state, context.now);
        let created = self.created.unwrap_or(now);
        let is_community = self.is_community();
        let id = self.id.unwrap_or_else(|| new_id(state, is_community));
        let apply_join = self.apply_join;
        let mut info = GroupInfo::new(id.as_str(), ErrorCode::OK)
            .with_type(self.kind)
            .with_name(self.name)
            .with_appid(context.settings.sdk_app_id)
            .with_introduction(self.introduction.unwrap_or_default())
            .with_notification(self.notification.unwrap_or_default())
            .with_face_url(self.face_url.unwrap_or_default())
            .with_create_time(created)
            .with_last_info_time(created)
            .with_info_seq(1)
            .with_max_member_num(self.most_members.unwrap_or(DEFAULT_MAX_MEMBERS))
            .with_apply_join_option(apply_join.unwrap_or(ApplyJoinOption::NEED_PERMISSION))
            .with_mute_all_member(MuteAllMember::OFF);
        info.owner_account.clone_from(&self.owner);
        info.invite_join_option = self.invite_join;
        info.support_topic = self.topics;
        info.app_defined_data = self.data;
        let mut group = Group::new(info);
        for member in self.members {
            let role = member.role.unwrap_or(MemberRole::MEMBER);
            let entry = group.join(&member.user, role, created);
            entry.app_member_defined_data = member.data;
        }
        if let Some(owner) = &self.owner {
            group.join(owner, MemberRole::OWNER, created).role = Some(MemberRole::OWNER);
        }
        state.groups.insert(id.clone(), group);
        id
    }
}

/// An id of the app's own for a new group.
fn check_own_id(
    state: &State,
    id: &str,
    owner: Option<&String>,
    community: bool,
) -> Result<(), Refusal> {
    let readable = id.chars().all(|c| (' '..='~').contains(&c));
    if id.is_empty() || !readable || (id.starts_with(SERVICE_ID) && !community) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("GroupId is not allowed"));
    }
    let Some(taken) = state.groups.get(id) else {
        return Ok(());
    };
    let own = owner.is_some() && taken.info.owner_account.as_ref() == owner;
    let code = if own {
        ErrorCode::GROUP_ID_OWN
    } else {
        ErrorCode::GROUP_ID_TAKEN
    };
    Err(code.because("GroupId is taken"))
}

/// An id of the service's making.
fn new_id(state: &mut State, community: bool) -> String {
    let prefix = if community {
        "@TGS#_@TGS#c"
    } else {
        SERVICE_ID
    };
    loop {
        state.app.groups_created += 1;
        let id = format!("{prefix}{:08}", state.app.groups_created);
        if !state.groups.contains_key(&id) {
            return id;
        }
    }
}

/// Creates a group, and answers its id. The app is asked and told.
pub(crate) fn create(context: &mut Context<'_>, new: NewGroup) -> Result<Step<String>, Refusal> {
    new.check(context.state, new.owner.as_ref())?;
    let event = |context: &Context<'_>, new: &NewGroup, time| {
        let owner = new.owner.clone().unwrap_or_default();
        let others = context.state.groups.values().filter(|group| {
            group.info.owner_account.as_ref() == Some(&owner)
                && group.info.r#type.as_ref() == Some(&new.kind)
        });
        let others = others.count() as u64;
        let members = new.members.iter();
        let members = members.map(|member| MemberAccount::new(member.user.as_str()));
        GroupBeforeCreateGroup::new(GroupBeforeCreateGroupRequired {
            operator_account: context.operator.into(),
            owner_account: owner,
            r#type: new.kind.clone(),
            name: new.name.clone(),
            event_time: time,
        })
        .with_create_group_num(others)
        .with_member_list(members)
    };
    ask(context, None, new, event, |context, new, answer| {
        match answer {
            Some(GroupBeforeCreateGroupAnswer::Allow) => {}
            Some(GroupBeforeCreateGroupAnswer::RefuseWith(refusal)) => {
                return Err(refusal.into());
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        // Things may be different since.
        new.check(context.state, new.owner.as_ref())?;
        Ok(Step::Done(create_checked(context, new)))
    })
}

fn create_checked(context: &mut Context<'_>, new: NewGroup) -> String {
    let named = |member: &FirstMember| MemberAccount::new(member.user.as_str());
    let first: Vec<MemberAccount> = new.members.iter().map(named).collect();
    let (kind, name) = (new.kind.clone(), new.name.clone());
    let (owner, data) = (new.owner.clone().unwrap_or_default(), new.data.clone());
    let id = new.establish(context);
    let operator = context.operator;
    context.events.tell(|time| {
        let id = id.as_str();
        let mut event = GroupAfterCreateGroup::new(GroupAfterCreateGroupRequired {
            group_id: id.into(),
            operator_account: operator.into(),
            owner_account: owner,
            r#type: kind,
            name,
            event_time: time,
        })
        .with_member_list(first);
        event.user_defined_data_list = data;
        event
    });
    id
}

/// Brings a group of another system's in, and answers its id.
pub(crate) fn import(context: &mut Context<'_>, new: NewGroup) -> Result<String, Refusal> {
    let is_live = new.kind == GroupType::AV_CHAT_ROOM;
    allow(!is_live, "an AVChatRoom cannot be imported")?;
    new.check(context.state, None)?;
    Ok(new.establish(context))
}

/// What is to be different about a group; what is not set stays.
pub(crate) struct GroupChanges {
    pub(crate) name: Option<String>,
    pub(crate) introduction: Option<String>,
    pub(crate) notification: Option<String>,
    pub(crate) face_url: Option<String>,
    pub(crate) most_members: Option<u64>,
    pub(crate) apply_join: Option<ApplyJoinOption>,
    pub(crate) invite_join: Option<InviteJoinOption>,
    pub(crate) mute_all: Option<MuteAllMember>,
    pub(crate) permissions: Option<Flag>,
    pub(crate) default_permission: Option<u64>,
    pub(crate) data: Vec<CustomField>,
}

impl GroupChanges {
    fn make(self, info: &mut GroupInfo) {
        macro_rules! set {
            ($($field:ident = $new:expr),* $(,)?) => {
                $( if let Some(new) = $new { info.$field = Some(new); } )*
            };
        }
        set!(
            name = self.name,
            introduction = self.introduction,
            notification = self.notification,
            face_url = self.face_url,
            max_member_num = self.most_members,
            apply_join_option = self.apply_join,
            invite_join_option = self.invite_join,
            mute_all_member = self.mute_all,
            enable_permission = self.permissions,
            default_permission = self.default_permission,
        );
        let fields = info.app_defined_data.get_or_insert_default();
        for new in self.data {
            set_custom_field(fields, new);
        }
        if fields.is_empty() {
            info.app_defined_data = None;
        }
    }
}

/// Changes a group. The app is notified of its texts.
pub(crate) fn modify(
    context: &mut Context<'_>,
    id: String,
    changes: GroupChanges,
) -> Result<(), Refusal> {
    let now = context.now;
    let group = group(context.state, &id)?;
    if changes.name.as_ref().is_some_and(String::is_empty) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("Name is empty"));
    }
    let kind = kind(group);
    let before = group.info.clone();
    changes.make(&mut group.info);
    let after = group.info.clone();
    group.touch(now);
    // Other fields do not count.
    let mut event = GroupAfterGroupInfoChanged::new(GroupAfterGroupInfoChangedRequired {
        group_id: id,
        r#type: kind,
        operator_account: context.operator.into(),
        event_time: 0,
    });
    event.name = changed(&before.name, &after.name);
    event.introduction = changed(&before.introduction, &after.introduction);
    event.notification = changed(&before.notification, &after.notification);
    event.face_url = changed(&before.face_url, &after.face_url);
    let texts = [
        &event.name,
        &event.introduction,
        &event.notification,
        &event.face_url,
    ];
    if texts.iter().any(|text| text.is_some()) {
        context.events.tell(|time| {
            event.event_time = time;
            event
        });
    }
    Ok(())
}

/// A field's new value, where it is another.
pub(crate) fn changed<T: Clone + PartialEq>(before: &Option<T>, after: &Option<T>) -> Option<T> {
    after.clone().filter(|_| after != before)
}

/// Sets a custom field, or adds it.
pub(crate) fn set_custom_field(fields: &mut Vec<CustomField>, new: CustomField) {
    match fields.iter_mut().find(|field| field.key == new.key) {
        Some(field) => *field = new,
        None => fields.push(new),
    }
}

/// Ends a group, which takes it out of everybody's conversations. The app is told.
pub(crate) fn destroy(context: &mut Context<'_>, id: String) -> Result<(), Refusal> {
    let gone = group(context.state, &id)?;
    let members = gone.members.keys().map(MemberAccount::new);
    let members = (!gone.is_community()).then(|| members.collect());
    let (kind, info) = (kind(gone), gone.info.clone());
    let operator = context.operator;
    context.events.tell(|time| {
        let owner = info.owner_account.unwrap_or_default();
        let event = GroupAfterGroupDestroyed::new(GroupAfterGroupDestroyedRequired {
            group_id: info.group_id,
            r#type: kind,
            owner_account: owner,
            event_time: time,
        });
        let mut event = event.with_operator_account(operator);
        event.name = info.name;
        event.member_list = members;
        event
    });
    context.state.groups.remove(&id);
    let peer = Peer::Group(id);
    context.state.accounts.update(|_, account| {
        let listed = account.conversations.remove(&peer).is_some();
        account.marks.remove(&peer).is_some() || listed
    });
    Ok(())
}

/// Makes one of its members the owner of a group. The app is told.
pub(crate) fn change_owner(
    context: &mut Context<'_>,
    id: String,
    owner: String,
) -> Result<(), Refusal> {
    let group = group(context.state, &id)?;
    allow(!group.is_live(), "an AVChatRoom keeps its owner")?;
    if !group.members.contains_key(&owner) {
        return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("NewOwner_Account is not a member"));
    }
    let (kind, old) = (kind(group), group.info.owner_account.clone());
    group.members.update(|user, member| {
        let was = member.role == Some(MemberRole::OWNER);
        let is = *user == owner;
        match (was, is) {
            (_, true) => member.role = Some(MemberRole::OWNER),
            (true, false) => member.role = Some(MemberRole::MEMBER),
            (false, false) => {}
        }
        was != is
    });
    group.info.owner_account = Some(owner.clone());
    let operator = context.operator;
    context.events.tell(|time| {
        let old = old.unwrap_or_default();
        GroupAfterChangeGroupOwner::new(GroupAfterChangeGroupOwnerRequired {
            group_id: id,
            r#type: kind,
            operator_account: operator.into(),
            old_owner_account: old,
            new_owner_account: owner,
            event_time: time,
        })
    });
    Ok(())
}
