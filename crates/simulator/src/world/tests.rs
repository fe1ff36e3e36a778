//! What acts write.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{
    App, C2cDraft, Changes, Context, Events, GroupDraft, NewGroup, Read, State, Step, Telling, c2c,
    group_chat, groups, membership, users,
};
use crate::settings::Settings;
use std::sync::Arc;
use tencent_chat_types::{
    model::{GroupType, MemberRole, MsgElement, TextElem},
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
