//! Topics of communities.

use super::{
    context::Context,
    group::{Group, Topic},
    groups::{allow, changed, group, kind},
    state::State,
    step::{Step, ask},
};
use crate::refusal::{Because, Refusal};
use tencent_chat_types::{
    ErrorCode,
    group::get_topics::TopicInfo,
    model::MuteAllMember,
    webhook::{
        GroupAfterCreateTopic, GroupAfterCreateTopicRequired, GroupAfterTopicDestroyed,
        GroupAfterTopicInfoChanged, GroupBeforeCreateTopic, GroupBeforeCreateTopicAnswer,
    },
};

/// What stands between the id of the group and the topic's own part.
const MARK: &str = "@TOPIC#_";

/// A topic that is to be.
pub(crate) struct NewTopic {
    pub(crate) group: String,
    /// An id of the app's own.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) custom: Option<String>,
    pub(crate) face_url: Option<String>,
    pub(crate) notification: Option<String>,
    pub(crate) introduction: Option<String>,
}

impl NewTopic {
    /// What speaks against it.
    fn check(&self, group: &Group, taken: ErrorCode) -> Result<(), Refusal> {
        allow(group.has_topics(), "the group has no topics")?;
        if self.name.is_empty() {
            return Err(ErrorCode::GROUP_PARAMETER_INVALID.because("TopicName is empty"));
        }
        let prefix = format!("{}{MARK}", group.info.group_id);
        match &self.id {
            Some(id) if id.len() <= prefix.len() || !id.starts_with(&prefix) => {
                let text = format!("TopicId must begin with {prefix}");
                Err(ErrorCode::GROUP_PARAMETER_INVALID.because(text))
            }
            Some(id) if group.topics.contains_key(id) => Err(taken.because("TopicId is taken")),
            _ => Ok(()),
        }
    }

    /// Puts it into its group, and answers its id.
    fn add(self, group: &mut Group, created: u64, taken: ErrorCode) -> Result<String, Refusal> {
        self.check(group, taken)?;
        let id = self.id.unwrap_or_else(|| {
            group.topics_created += 1;
            let id = &group.info.group_id;
            format!("{id}{MARK}@TOPIC#c{:08}", group.topics_created)
        });
        let mut info = TopicInfo::new(id.as_str())
            .with_group_id(group.info.group_id.as_str())
            .with_topic_name(self.name)
            .with_create_time(created)
            .with_mute_all_member(MuteAllMember::OFF)
            .with_face_url(self.face_url.unwrap_or_default())
            .with_notification(self.notification.unwrap_or_default())
            .with_introduction(self.introduction.unwrap_or_default());
        info.custom_string = self.custom;
        group.topics.or_insert(id.clone(), Topic::new(info));
        Ok(id)
    }
}

/// Creates a topic, and answers its id. The app is asked and told.
pub(crate) fn create(context: &mut Context<'_>, new: NewTopic) -> Result<Step<String>, Refusal> {
    let group = group(context.state, &new.group)?;
    new.check(group, ErrorCode::GROUP_ID_OWN)?;
    let kind = kind(group);
    let event = |context: &Context<'_>, new: &NewTopic, _| {
        GroupBeforeCreateTopic::new(context.operator, kind, new.name.as_str())
    };
    ask(context, None, new, event, |context, new, answer| {
        match answer {
            Some(GroupBeforeCreateTopicAnswer::Allow) => {}
            Some(GroupBeforeCreateTopicAnswer::RefuseWith(refusal)) => {
                return Err(refusal.into());
            }
            _ => return Err(ErrorCode::GROUP_REFUSED_BY_WEBHOOK.because("the app refused")),
        }
        create_allowed(context, new).map(Step::Done)
    })
}

fn create_allowed(context: &mut Context<'_>, new: NewTopic) -> Result<String, Refusal> {
    let (group_id, name) = (new.group.clone(), new.name.clone());
    let group = group(context.state, &group_id)?;
    let (kind, owner) = (kind(group), group.info.owner_account.clone());
    let id = new.add(group, context.now, ErrorCode::GROUP_ID_OWN)?;
    let operator = context.operator;
    context.events.tell(|_| {
        GroupAfterCreateTopic::new(GroupAfterCreateTopicRequired {
            group_id,
            topic_id: id.clone(),
            operator_account: operator.into(),
            owner_account: owner.unwrap_or_default(),
            r#type: kind,
            name,
        })
    });
    Ok(id)
}

/// Brings a topic of another system's in, and answers its id.
pub(crate) fn import(
    context: &mut Context<'_>,
    new: NewTopic,
    created: Option<u64>,
) -> Result<String, Refusal> {
    let created = created.unwrap_or(context.now);
    let group = group(context.state, &new.group)?;
    new.add(group, created, ErrorCode::GROUP_ID_TAKEN)
}

/// A group that has topics.
pub(crate) fn community<'a>(state: &'a mut State, id: &str) -> Result<&'a mut Group, Refusal> {
    let group = group(state, id)?;
    allow(group.has_topics(), "the group has no topics")?;
    Ok(group)
}

/// Changes the profile of a topic. The app is notified of the parts that its webhook has.
pub(crate) fn modify(
    context: &mut Context<'_>,
    group_id: String,
    id: &str,
    change: impl FnOnce(&mut TopicInfo),
) -> Result<(), Refusal> {
    let group = community(context.state, &group_id)?;
    let kind = kind(group);
    let Some(topic) = group.topics.get_mut(id) else {
        return Err(ErrorCode::GROUP_NOT_FOUND.because("there is no such topic"));
    };
    let info = &mut topic.info;
    let before = info.clone();
    change(info);
    // Other fields do not count.
    let mut event = GroupAfterTopicInfoChanged::new(group_id, kind, context.operator);
    event.name = changed(&before.topic_name, &info.topic_name);
    event.introduction = changed(&before.introduction, &info.introduction);
    event.notification = changed(&before.notification, &info.notification);
    event.face_url = changed(&before.face_url, &info.face_url);
    let texts = [
        &event.name,
        &event.introduction,
        &event.notification,
        &event.face_url,
    ];
    if texts.iter().any(|text| text.is_some()) {
        context.events.tell(|_| event);
    }
    Ok(())
}

/// Ends topics, with what permission groups may do in them; answers of each whether there was one. The app is
/// told.
pub(crate) fn destroy(
    context: &mut Context<'_>,
    group_id: String,
    ids: Vec<String>,
) -> Result<Vec<(String, bool)>, Refusal> {
    let group = community(context.state, &group_id)?;
    let kind = kind(group);
    let outcomes = ids.into_iter().map(|id| {
        let was_there = group.topics.remove(&id).is_some();
        if was_there {
            let held = &mut group.permission_groups;
            held.update(|_, held| held.topics.remove(&id).is_some());
        }
        (id, was_there)
    });
    let outcomes: Vec<(String, bool)> = outcomes.collect();
    let gone = outcomes.iter().filter(|(_, was_there)| *was_there);
    let gone: Vec<String> = gone.map(|(id, _)| id.clone()).collect();
    if !gone.is_empty() {
        let event = |_| GroupAfterTopicDestroyed::new(group_id, kind, gone);
        context.events.tell(event);
    }
    Ok(outcomes)
}
