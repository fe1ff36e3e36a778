//! What acts write.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{
    Action, App, C2cDraft, Changes, Context, Events, GroupDraft, Kind, NewGroup, Peer,
    PermissionGroup, Read, Row, State, Step, Telling, c2c, group::Topic, group_chat, groups,
    membership, messages::Pin, relations::Friend, state::MadePush, users,
};
use crate::settings::Settings;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tencent_chat_types::{
    ErrorCode,
    group::get_topics::TopicInfo,
    model::{
        GroupType, MemberRole, MsgElement, RelationTag, ScheduledPush, ScheduledPushType, TextElem,
    },
    webhook::OptPlatform,
};
use tencent_chat_usersig::Signer;

const NOW: u64 = 1_700_000_000;

/// An app that wants to hear of nothing.
struct Nobody;

impl App for Nobody {
    fn wants(&self, _: &str) -> bool {
        false
    }

    fn time(&self) -> u64 {
        0
    }

    fn ask(&self, _: Telling, _: Read) -> super::Answering {
        Box::pin(async { super::Answered::Proceed })
    }
}

/// Acts as a user, and says what that changed.
fn act(state: &mut State, user: &str, act: impl FnOnce(&mut Context<'_>)) -> Changes {
    let settings = Settings {
        sdk_app_id: 1,
        admins: vec!["administrator".to_owned()],
        signer: Signer::new(1, "key"),
        page_size: 100,
        message_memory: usize::MAX,
        quota_scale: 1.0,
    };
    let mut context = Context {
        state,
        operator: user,
        settings: &settings,
        events: Events::new(Arc::new(Nobody), OptPlatform::RESTAPI),
        now: NOW,
        body_bytes: 0,
        stored: 0,
        is_duplicate: false,
    };
    act(&mut context);
    state.changes(true)
}

/// How many rows an act wrote, and how many bytes they have.
fn size(changes: &Changes) -> (usize, usize) {
    let bytes = changes.list.iter().map(|change| {
        let row = change.row.as_ref().map_or(0, Vec::len);
        change.key.bytes().len() + row
    });
    (changes.list.len(), bytes.sum())
}

fn words(number: u64) -> Vec<MsgElement> {
    vec![TextElem::new(format!("{number:0>100}")).into()]
}

fn send(context: &mut Context<'_>, from: &str, to: &str, number: u32) {
    let draft = C2cDraft::new(
        from.to_owned(),
        to.to_owned(),
        number,
        words(number.into()),
        NOW,
    );
    assert!(matches!(c2c::send(context, draft), Ok(Step::Done(_))));
}

#[test]
fn little_is_written_for_a_message_to_a_large_group() {
    let mut state = State::default();
    let members = 20_000;
    let all: Vec<String> = (0..members)
        .map(|number| format!("user-{number}"))
        .collect();
    act(&mut state, "administrator", |context| {
        for user in &all {
            users::import(context.state, user.clone(), None, None);
        }
        let new = NewGroup {
            id: Some("all".to_owned()),
            kind: GroupType::PUBLIC,
            name: "all".to_owned(),
            owner: Some("user-0".to_owned()),
            introduction: None,
            notification: None,
            face_url: None,
            most_members: Some(members),
            apply_join: None,
            invite_join: None,
            topics: None,
            data: None,
            created: None,
            members: Vec::new(),
        };
        assert!(matches!(groups::create(context, new), Ok(Step::Done(_))));
        let group = context.state.groups.get_mut("all").unwrap();
        for user in &all {
            group.join(user, MemberRole::MEMBER, NOW);
        }
    });
    for number in 0..3 {
        let changes = act(&mut state, "user-1", |context| {
            let (group, from) = ("all".to_owned(), "user-1".to_owned());
            let draft = GroupDraft::new(group, from, number, words(number.into()));
            assert!(matches!(
                group_chat::send(context, draft),
                Ok(Step::Done(_))
            ));
        });
        let (rows, bytes) = size(&changes);
        assert!(
            rows <= 6 && bytes <= 2_000,
            "{rows} rows of {bytes} bytes: {changes:#?}"
        );
    }
    // Every member has the group on the list of conversations all the same.
    let listed = super::conversations::list(&state, "user-19999");
    assert_eq!(listed.len(), 1);
    let changes = act(&mut state, "user-7", |context| {
        membership::leave(context, "all").unwrap();
    });
    let (rows, bytes) = size(&changes);
    assert!(
        rows <= 4 && bytes <= 1_000,
        "{rows} rows of {bytes} bytes: {changes:#?}"
    );
    assert_eq!(super::conversations::list(&state, "user-7").len(), 1);
}

#[test]
fn little_is_written_for_a_user_with_many_conversations_and_messages() {
    let mut state = State::default();
    act(&mut state, "administrator", |context| {
        for number in 0..1_000 {
            users::import(context.state, format!("user-{number}"), None, None);
        }
    });
    for number in 1..1_000 {
        let to = format!("user-{number}");
        act(&mut state, "user-0", |context| {
            send(context, "user-0", &to, number)
        });
    }
    let mut most = 0;
    for number in 0..500 {
        let changes = act(&mut state, "user-5", |context| {
            send(context, "user-5", "user-0", 5_000 + number);
        });
        let (rows, bytes) = size(&changes);
        most = most.max(bytes);
        assert!(
            rows <= 8 && bytes <= 1_500,
            "{rows} rows of {bytes} bytes: {changes:#?}"
        );
    }
    // Reading 500 messages does not write them again.
    let changes = act(&mut state, "user-0", |context| {
        c2c::mark_read(context, "user-0", "user-5", None).unwrap();
    });
    let (rows, bytes) = size(&changes);
    assert!((500..=505).contains(&rows), "{rows}");
    assert!(bytes / rows <= 150, "{bytes} bytes for {rows} rows");
    // Asking changes nothing.
    let changes = act(&mut state, "user-0", |context| {
        let _ = groups::group(context.state, "none");
        let _ = super::conversations::list(context.state, "user-0");
        let account = context.state.accounts.get_mut("user-0");
        assert!(account.is_some());
    });
    assert_eq!(size(&changes), (0, 0), "{changes:#?}");
}

/// What a state holds, told by itself and not by its rows.
fn told(state: &mut State) -> String {
    // Both sides stand for the same rows then, and nothing is touched.
    drop(state.everything());
    let State {
        accounts,
        groups,
        app,
        chats,
        push,
        ..
    } = state;
    format!("{accounts:#?}\n{groups:#?}\n{app:#?}\n{chats:#?}\n{push:#?}")
}

/// A group with something in everything that a group has.
fn fill_group(state: &mut State) {
    let info = TopicInfo::new("all@TOPIC#_1").with_topic_name("openings");
    let group = state.groups.get_mut("all").unwrap();
    group.join("user-2", MemberRole::ADMIN, NOW).name_card = Some("Two".to_owned());
    group
        .attributes
        .pairs
        .insert("k".to_owned(), "v".to_owned());
    group.attributes.writes = (NOW, 3);
    group.counters.insert("likes".to_owned(), -7);
    group.banned.insert("user-9".to_owned(), NOW + 60);
    group.marks.insert("user-2".to_owned(), [500, 1_000].into());
    group.messages.pins.push(Pin {
        seq: 1,
        by: "user-2".to_owned(),
    });
    let mut held = PermissionGroup::new("judges".to_owned(), 3, "custom".to_owned());
    held.topics.insert("all@TOPIC#_1".to_owned(), 5);
    held.members.insert("user-2".to_owned(), ());
    group.permission_groups.insert("@PMG#_1".to_owned(), held);
    let topic = group
        .topics
        .or_insert("all@TOPIC#_1".to_owned(), Topic::new(info));
    topic.muted.insert("user-2".to_owned(), NOW + 60);
}

/// Users with something in everything that a user has.
fn fill_users(state: &mut State) {
    let account = state.accounts.get_mut("user-1").unwrap();
    account
        .platforms
        .insert("Web".to_owned(), "Online".to_owned());
    account.push_tags.insert("tag".to_owned());
    account
        .push_attributes
        .insert("city".to_owned(), "Lyon".to_owned());
    account.muted = (u64::MAX, NOW);
    account.contact_groups.insert("family".to_owned(), 1);
    let marks = account.marks.or_default(Peer::Group("all".to_owned()));
    marks.standard = 5;
    marks.groups.insert(1);
    account.relations.block("user-3", NOW);
    let mut friend = Friend::default();
    friend.lists.insert("chess".to_owned());
    friend.set(RelationTag::REMARK, "Two");
    account
        .relations
        .friends
        .insert("user-2".to_owned(), friend);
    account.relations.lists.insert("chess".to_owned());
    state.app.chatbots.insert("@RBT#sun".to_owned());
    let push = &mut state.push;
    push.times.push(NOW);
    push.attribute_names
        .insert("0".to_owned(), "city".to_owned());
    let made = MadePush {
        time: NOW,
        recalled: true,
    };
    push.made.insert("task".to_owned(), made);
    let task = ScheduledPush::new(7, ScheduledPushType::ALL, "2026-06-01 10:00:00");
    push.scheduled.insert(7, task);
}

/// Everything there can be a row of.
fn everything_at_once() -> State {
    let mut state = State::default();
    act(&mut state, "administrator", |context| {
        for number in 0..10 {
            let nick = Some(format!("number {number}"));
            users::import(context.state, format!("user-{number}"), nick, None);
        }
        let new = NewGroup {
            id: Some("all".to_owned()),
            kind: GroupType::COMMUNITY,
            name: "all".to_owned(),
            owner: Some("user-1".to_owned()),
            introduction: None,
            notification: None,
            face_url: None,
            most_members: None,
            apply_join: None,
            invite_join: None,
            topics: Some(true.into()),
            data: None,
            created: None,
            members: Vec::new(),
        };
        assert!(matches!(groups::create(context, new), Ok(Step::Done(_))));
        for number in 0..3 {
            let (group, from) = ("all".to_owned(), "user-1".to_owned());
            let draft = GroupDraft::new(group, from, number, words(number.into()));
            assert!(matches!(
                group_chat::send(context, draft),
                Ok(Step::Done(_))
            ));
            send(context, "user-1", "user-2", number);
        }
        fill_group(context.state);
        fill_users(context.state);
        let (id, topic) = ("all".to_owned(), Some("all@TOPIC#_1".to_owned()));
        let draft = GroupDraft {
            topic,
            ..GroupDraft::new(id, "user-1".to_owned(), 9, words(9))
        };
        assert!(matches!(
            group_chat::send(context, draft),
            Ok(Step::Done(_))
        ));
    });
    act(&mut state, "user-2", |context| {
        c2c::mark_read(context, "user-2", "user-1", None).unwrap();
        group_chat::mark_read(context, "all", 2);
        let recalled = group_chat::recall(context, "all".to_owned(), None, vec![2]);
        assert_eq!(recalled.unwrap(), [(2, ErrorCode::OK)]);
    });
    state
}

/// Rows as they would be stored, act by act.
fn rows(changes: &Changes, stored: &mut BTreeMap<Vec<u8>, (Kind, Vec<u8>)>) {
    for change in &changes.list {
        let key = change.key.bytes();
        match &change.row {
            Some(row) => drop(stored.insert(key, (change.key.kind, row.clone()))),
            None => drop(stored.remove(&key)),
        }
    }
}

fn loaded(stored: &BTreeMap<Vec<u8>, (Kind, Vec<u8>)>) -> State {
    let mut state = State::default();
    for (kind, row) in stored.values() {
        state.load(&Row::of(*kind, row).unwrap()).unwrap();
    }
    state
}

#[test]
fn rows_hold_everything_that_a_state_holds() {
    let mut state = everything_at_once();
    let mut stored = BTreeMap::new();
    rows(&state.everything(), &mut stored);
    let kinds: BTreeSet<Kind> = stored.values().map(|(kind, _)| *kind).collect();
    // What has become of a message since is in its own row when everything is written.
    let fates = [Kind::Fate, Kind::C2cFate];
    let all = Kind::ALL.iter().filter(|kind| !fates.contains(kind));
    assert_eq!(kinds, all.copied().collect());
    let mut again = loaded(&stored);
    assert_eq!(told(&mut again), told(&mut state));
    // Duplicates of what was sent are known.
    let changes = act(&mut again, "administrator", |context| {
        send(context, "user-1", "user-2", 1);
        assert!(context.is_duplicate);
    });
    assert_eq!(size(&changes), (0, 0), "{changes:#?}");
}

#[test]
fn what_is_touched_and_stays_the_same_is_not_written() {
    let mut state = everything_at_once();
    let mut stored = BTreeMap::new();
    rows(&state.everything(), &mut stored);
    for mut state in [state, loaded(&stored)] {
        let changes = act(&mut state, "administrator", |context| {
            touch_everything(context.state);
        });
        assert_eq!(size(&changes), (0, 0), "{changes:#?}");
        // What is another afterwards was there before.
        let changes = act(&mut state, "administrator", |context| {
            let account = context.state.accounts.get_mut("user-1").unwrap();
            account.muted.0 = 7;
            let group = context.state.groups.get_mut("all").unwrap();
            group.members.get_mut("user-2").unwrap().mute_until = Some(7);
            group.counters.insert("likes".to_owned(), 1);
        });
        let kinds = changes.list.iter().map(|change| change.key.kind);
        let kinds: Vec<Kind> = kinds.collect();
        assert_eq!(kinds, [Kind::Account, Kind::Group, Kind::Member]);
        let actions = changes.list.iter().map(|change| change.action);
        assert!(actions.into_iter().all(|action| action == Action::Changed));
    }
}

/// Asks for everything as if it were to be changed.
fn touch_everything(state: &mut State) {
    let users: Vec<String> = state.accounts.keys().cloned().collect();
    for user in &users {
        let account = state.accounts.get_mut(user).unwrap();
        let peers: Vec<Peer> = account.conversations.keys().cloned().collect();
        for peer in peers {
            assert!(account.conversations.get_mut(&peer).is_some());
            account.marks.get_mut(&peer);
        }
        for other in &users {
            account.unread.get_mut(other);
            account.relations.friends.get_mut(other);
            // Taken out and put back.
            if let Some(blocked) = account.relations.blocked.remove(other) {
                account.relations.blocked.insert(other.clone(), blocked);
            }
        }
    }
    let group = state.groups.get_mut("all").unwrap();
    for user in &users {
        group.members.get_mut(user);
        group.banned.get_mut(user);
    }
    assert!(group.messages.get_mut(1).is_some());
    let topic = group.topics.get_mut("all@TOPIC#_1").unwrap();
    assert!(topic.messages.get_mut(1).is_some());
    let pairs: Vec<(String, String)> = state.chats.keys().cloned().collect();
    for pair in pairs {
        let chat = state.chats.get_mut(&pair).unwrap();
        let keys: Vec<_> = chat.iter().map(|message| message.numbers).collect();
        assert!(keys.into_iter().all(|key| chat.get_mut(key).is_some()));
    }
}

#[test]
fn what_becomes_of_messages_is_stored_too() {
    let mut state = everything_at_once();
    let mut stored = BTreeMap::new();
    rows(&state.everything(), &mut stored);
    let changes = act(&mut state, "user-1", |context| {
        let group = group_chat::recall(context, "all".to_owned(), None, vec![1]);
        assert_eq!(group.unwrap(), [(1, ErrorCode::OK)]);
        let chat = context.state.chats.iter().next();
        let key = chat.unwrap().1.iter().next().unwrap().numbers.to_string();
        c2c::recall(context, "user-1", "user-2", key).unwrap();
    });
    let kinds: Vec<Kind> = changes.list.iter().map(|change| change.key.kind).collect();
    assert_eq!(kinds, [Kind::Fate, Kind::C2cFate]);
    rows(&changes, &mut stored);
    assert_eq!(told(&mut loaded(&stored)), told(&mut state));
}
