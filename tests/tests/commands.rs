//! Every command of the slice through the client against the simulator, over HTTP: what it does,
//! and the documented codes when it is used wrongly.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use futures_util::TryStreamExt;
use tencent_chat_client::ErrorKind;
use tencent_chat_tests::world::{NOW, World, text};
use tencent_chat_types::{
    Endpoint, ErrorCode,
    account::{
        ImportAccount, ImportAccounts, QueryOnlineStatus, SetDoNotDisturb, SetDoNotDisturbRequired,
        query_online_status::OnlineState, set_do_not_disturb::DoNotDisturbLevel,
    },
    conversation::{
        CreateContactGroup, DeleteContactGroup, DeleteConversation, GetContactGroup,
        GetConversationList, MarkContact, PinConversations, SearchContactGroup, UpdateContactGroup,
        create_contact_group::NewContactGroup,
        mark_contact::{ContactMark, MarkOperation},
        pin_conversations::{PinOperation, PinnedContact},
        update_contact_group::{
            ContactGroupUpdate, ContactGroupUpdateType, ContactOperation, ContactUpdate,
        },
    },
    group::{
        CreateGroup, GetGroupInfo, ListGroups, create_group::NewMember,
        get_group_info::GroupInfoFilter,
    },
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    model::{
        Contact, ContactType, CustomElem, CustomField, CustomFieldRequired, FileElem, GroupType,
        KeywordMatchType, MemberRole, MsgElement, ProfileItem, ProfileTag, SendMsgControl,
        SyncOtherMachine,
    },
    operations::GetServerIpList,
    profile::{GetProfiles, SetProfile},
    search::{SearchGroups, SearchUsers, search_users::SearchGender},
    wire::{TagValue, Unknown},
};

fn user(id: &str) -> Contact {
    Contact::new(ContactType::C2C).with_to_account(id)
}

#[tokio::test]
async fn the_simulator_knows_every_command_of_the_spec() {
    let world = World::new().await;
    let mut paths: Vec<&str> = tencent_chat_types::ENDPOINTS
        .iter()
        .map(|meta| meta.path)
        .collect();
    paths.sort_unstable();
    assert_eq!(world.simulator.commands(), paths);
}

#[tokio::test]
async fn accounts() {
    let world = World::new().await;
    let imported = world
        .client
        .send(ImportAccounts::new(["kim", "", &"x".repeat(33)]))
        .await
        .unwrap();
    assert_eq!(imported.fail_accounts, ["".to_owned(), "x".repeat(33)]);
    let long = ImportAccount::new("x".repeat(33));
    let error = world.client.send(&long).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(world.code(long).await, 70402);
    assert_eq!(
        world
            .code(ImportAccounts::new((0..101).map(|i| i.to_string())))
            .await,
        70402
    );

    world.simulator.set_online("lin", "Web", "Online").unwrap();
    world
        .simulator
        .set_online("lin", "iPhone", "PushOnline")
        .unwrap();
    world
        .simulator
        .set_online("mei", "Android", "PushOnline")
        .unwrap();
    let query = QueryOnlineStatus::new(["lin", "mei", "ada", "nobody"]).with_is_need_detail(true);
    let reply = world.client.send(&query).await.unwrap();
    let states: Vec<_> = reply
        .query_result
        .iter()
        .map(|status| status.status.clone().unwrap())
        .collect();
    assert_eq!(
        states,
        [
            OnlineState::ONLINE,
            OnlineState::PUSH_ONLINE,
            OnlineState::OFFLINE
        ]
    );
    assert_eq!(reply.query_result[0].detail.as_ref().unwrap().len(), 2);
    let failure = &reply.error_list.unwrap()[0];
    assert_eq!(
        (failure.to_account.as_str(), failure.error_code),
        ("nobody", ErrorCode::ACCOUNT_NOT_FOUND)
    );
    assert_eq!(world.code(QueryOnlineStatus::new(["nobody"])).await, 70107);
    assert_eq!(world.code(QueryOnlineStatus::new([""; 0])).await, 90001);
    assert_eq!(
        world
            .code(QueryOnlineStatus::new((0..501).map(|i| i.to_string())))
            .await,
        90011
    );
}

#[tokio::test]
async fn profiles() {
    let world = World::new().await;
    let items = [
        ProfileItem::new(ProfileTag::NICK, "林"),
        ProfileItem::new(ProfileTag::BIRTHDAY, 19_900_401),
        ProfileItem::new("Tag_Profile_Custom_Color".into(), "green"),
    ];
    world
        .client
        .send(SetProfile::new("lin", items.clone()))
        .await
        .unwrap();
    let tags = [
        ProfileTag::NICK,
        ProfileTag::BIRTHDAY,
        "Tag_Profile_Custom_Color".into(),
        ProfileTag::IMAGE,
    ];
    let reply = world
        .client
        .send(GetProfiles::new(["lin", "nobody"], tags))
        .await
        .unwrap();
    assert_eq!(
        reply.user_profile_item[0].profile_item.as_deref().unwrap(),
        items
    );
    assert_eq!(
        reply.user_profile_item[1].result_code,
        ErrorCode::PROFILE_ACCOUNT_NOT_FOUND
    );
    assert_eq!(reply.fail_account.unwrap(), ["nobody"]);
    for (tag, value, expected) in [
        ("Tag_Profile_IM_Nope", TagValue::from("x"), 40009),
        (
            "Tag_Profile_IM_Nick",
            TagValue::from("x".repeat(501)),
            40601,
        ),
        ("Tag_Profile_IM_Nick", TagValue::from(7), 40610),
        ("Tag_Profile_IM_BirthDay", TagValue::from("x"), 40610),
        ("Tag_Profile_IM_Gender", TagValue::from("x"), 40605),
    ] {
        assert_eq!(
            world
                .code(SetProfile::new(
                    "lin",
                    [ProfileItem::new(tag.into(), value)]
                ))
                .await,
            expected,
            "{tag}"
        );
    }
    assert_eq!(
        world
            .code(SetProfile::new(
                "nobody",
                [ProfileItem::new(ProfileTag::NICK, "x")]
            ))
            .await,
        40003
    );
    assert_eq!(
        world
            .code(GetProfiles::new([""; 0], [ProfileTag::NICK]))
            .await,
        40002
    );
}

#[tokio::test]
async fn messages() {
    let world = World::new().await;
    let big_file = FileElem::new()
        .with_file_size(6_442_450_944_u64)
        .with_file_name("backup.tar");
    let message = SendMsg::new("mei", [MsgElement::from(big_file.clone())])
        .with_msg_random(u32::MAX)
        .with_from_account("lin")
        .with_msg_seq(u32::MAX)
        .with_cloud_custom_data("{}");
    let sent = world.client.send(&message).await.unwrap();
    assert_eq!(
        sent.msg_key.as_deref(),
        Some("4294967295_4294967295_1700000000")
    );
    // The same message again is dropped, now and later.
    world.clock.advance(30);
    assert_eq!(
        world.client.send(&message).await.unwrap().msg_key,
        sent.msg_key
    );
    // Without a sequence number it is a duplicate only within the same second.
    let mut short = SendMsg::new("mei", text("a"))
        .with_msg_random(5)
        .with_from_account("lin");
    short.msg_seq = None;
    let first = world.client.send(&short).await.unwrap().msg_key;
    assert_eq!(world.client.send(&short).await.unwrap().msg_key, first);
    world.clock.advance(1);
    assert_ne!(world.client.send(&short).await.unwrap().msg_key, first);
    // Online only: nothing stored. Not synced: not with the sender. Not listed: not in the list.
    let online_only = short.clone().with_msg_seq(1).with_msg_life_time(0);
    world.client.send(&online_only).await.unwrap();
    let unsynced = short
        .clone()
        .with_msg_seq(2)
        .with_sync_other_machine(SyncOtherMachine::NO_SYNC);
    world.client.send(&unsynced).await.unwrap();
    let unlisted = SendMsg::new("bob", text("x"))
        .with_msg_random(9)
        .with_send_msg_control([SendMsgControl::NO_LAST_MSG]);
    world.client.send(&unlisted).await.unwrap();
    let history = |owner: &str, peer: &str| {
        GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: owner.into(),
            peer_account: peer.into(),
            max_cnt: 100,
            min_time: NOW,
            max_time: NOW + 100,
        })
    };
    let mine = world.client.send(history("lin", "mei")).await.unwrap();
    assert_eq!((mine.msg_list.len(), mine.complete.is_on()), (3, true));
    assert_eq!(mine.msg_list[0].msg_body, [MsgElement::File(big_file)]);
    assert_eq!(mine.msg_list[0].msg_random, Some(u64::from(u32::MAX)));
    let theirs = world.client.send(history("mei", "lin")).await.unwrap();
    assert_eq!(theirs.msg_list.len(), 4);
    let bobs = world
        .client
        .send(GetConversationList::new("bob", 7))
        .await
        .unwrap();
    assert!(bobs.session_item.is_empty());

    let unknown = serde_json::json!({ "MsgType": "TIMNewElem", "MsgContent": {} });
    let unknown = MsgElement::Unknown(Unknown::new(unknown.as_object().unwrap().clone()));
    let customs = [CustomElem::new().into(), CustomElem::new().into()] as [MsgElement; 2];
    for (request, expected) in [
        (SendMsg::new("nobody", text("x")).with_msg_random(1), 90012),
        (
            SendMsg::new("mei", text("x"))
                .with_msg_random(1)
                .with_from_account("nobody"),
            20003,
        ),
        (SendMsg::new("", text("x")).with_msg_random(1), 90003),
        (
            SendMsg::new("mei", [] as [MsgElement; 0]).with_msg_random(1),
            90002,
        ),
        (SendMsg::new("mei", [unknown]).with_msg_random(1), 90010),
        (SendMsg::new("mei", customs).with_msg_random(1), 90010),
        (
            SendMsg::new("mei", text(&"x".repeat(13_000))).with_msg_random(1),
            93000,
        ),
    ] {
        assert_eq!(world.code(request).await, expected);
    }
    let element = serde_json::json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "x" } }]);
    for (field, value, expected) in [
        ("To_Account", None, 90003),
        ("To_Account", Some(serde_json::json!([1])), 90003),
        ("MsgRandom", None, 90005),
        ("MsgRandom", Some("x".into()), 90005),
        ("MsgBody", None, 90002),
        ("MsgBody", Some("x".into()), 90007),
        (
            "MsgBody",
            Some(serde_json::json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": 1.5 } }])),
            90010,
        ),
        ("SyncOtherMachine", Some("x".into()), 90031),
        ("MsgLifeTime", Some("x".into()), 90044),
    ] {
        let mut body =
            serde_json::json!({ "To_Account": "mei", "MsgRandom": 1, "MsgBody": element });
        match value {
            Some(value) => body[field] = value,
            None => drop(body.as_object_mut().unwrap().remove(field)),
        }
        let error = world
            .client
            .send_raw("v4/openim/sendmsg", &body)
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode(expected)), "{body}");
    }
    assert_eq!(world.code(history("nobody", "lin")).await, 90008);
}

#[tokio::test]
async fn history_pages_back_through_a_conversation() {
    let world = World::new().await;
    for number in 0..40 {
        // Some share a second, so the key has to show where a page ended.
        world.clock.advance(u64::from(number % 3 == 0));
        let message = SendMsg::new("mei", text(&format!("{number} {}", "x".repeat(900))))
            .with_msg_random(number);
        world
            .client
            .send(&message.with_from_account("lin").with_msg_seq(number))
            .await
            .unwrap();
    }
    let mut pages = world
        .client
        .pages(GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "mei".into(),
            peer_account: "lin".into(),
            max_cnt: 100,
            min_time: NOW,
            max_time: NOW + 1000,
        }));
    let mut seen = Vec::new();
    let mut count = 0;
    while let Some(page) = pages.next_page().await {
        let page = page.unwrap();
        count += 1;
        assert!(serde_json::to_vec(&page.msg_list).unwrap().len() <= 14 * 1024);
        let numbers: Vec<u64> = page
            .msg_list
            .iter()
            .map(|message| message.msg_seq.unwrap())
            .collect();
        seen.splice(0..0, numbers);
    }
    assert!(count >= 3, "{count}");
    assert_eq!(seen, (0..40).collect::<Vec<u64>>());
}

#[tokio::test]
async fn conversation_lists() {
    let world = World::new().await;
    for (number, other) in ["ada", "bob", "mei", "administrator"]
        .into_iter()
        .enumerate()
    {
        world.clock.advance(10);
        let message = SendMsg::new("lin", text("x"))
            .with_msg_random(number as u32)
            .with_from_account(other);
        world.client.send(&message).await.unwrap();
    }
    world.simulator.pin("lin", "ada", true).unwrap();
    let mut items = world.client.items(GetConversationList::new("lin", 7));
    let mut seen = Vec::new();
    while let Some(item) = items.next_item().await {
        let item = item.unwrap();
        seen.push((item.to_account.unwrap(), item.top_flag.is_on()));
    }
    let seen: Vec<(&str, bool)> = seen
        .iter()
        .map(|(user, pinned)| (user.as_str(), *pinned))
        .collect();
    assert_eq!(
        seen,
        [
            ("ada", true),
            ("administrator", false),
            ("mei", false),
            ("bob", false)
        ]
    );

    let delete = DeleteConversation::new("lin", ContactType::C2C)
        .with_to_account("mei")
        .with_clear_ramble(true);
    world.client.send(&delete).await.unwrap();
    world.client.send(&delete).await.unwrap();
    let left = world
        .client
        .send(GetConversationList::new("lin", 0))
        .await
        .unwrap();
    assert_eq!(left.session_item.len(), 2);
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: "lin".into(),
        peer_account: "mei".into(),
        max_cnt: 9,
        min_time: NOW,
        max_time: NOW + 100,
    });
    assert!(
        world
            .client
            .send(&history)
            .await
            .unwrap()
            .msg_list
            .is_empty()
    );
    assert_eq!(
        world
            .code(DeleteConversation::new("lin", ContactType::GROUP).with_to_account("x"))
            .await,
        50002
    );
    assert_eq!(
        world.code(GetConversationList::new("nobody", 7)).await,
        50001
    );
}

#[tokio::test]
async fn conversation_groups_and_marks() {
    let world = World::new().await;
    let create = |name: &str, contacts: Vec<Contact>| {
        CreateContactGroup::new("lin", [NewContactGroup::new(name, contacts)])
    };
    let gone = Contact::new(ContactType::GROUP).with_to_group_id("@TGS#gone");
    let odd = Contact::new(ContactType(9)).with_to_account("mei");
    let created = world
        .client
        .send(create("family", vec![user("mei"), gone.clone(), odd]))
        .await
        .unwrap();
    let codes: Vec<i64> = created.group_result_item[0]
        .result_item
        .iter()
        .map(|item| item.result_code.0)
        .collect();
    assert_eq!(codes, [0, 51007, 50002]);
    // Once more: the same group, nothing twice.
    let again = world
        .client
        .send(create("family", vec![user("mei")]))
        .await
        .unwrap();
    assert_eq!(
        again.group_result_item[0].group_item,
        created.group_result_item[0].group_item
    );

    let rename =
        ContactGroupUpdate::new(ContactGroupUpdateType::NAME, "family").with_new_group_name("home");
    let renamed = world
        .client
        .send(UpdateContactGroup::new("lin", 1, rename.clone()))
        .await
        .unwrap();
    assert_eq!(
        renamed.update_group_result.group_name.as_deref(),
        Some("home")
    );
    assert_eq!(
        world.code(UpdateContactGroup::new("lin", 1, rename)).await,
        51009
    );
    let moves = [
        ContactUpdate::new(ContactOperation::ADD, user("ada")),
        ContactUpdate::new(ContactOperation::REMOVE, user("mei")),
        ContactUpdate::new(ContactOperation(3), user("bob")),
    ];
    let update = ContactGroupUpdate::new(ContactGroupUpdateType::CONVERSATIONS, "home")
        .with_contact_update_item(moves);
    let updated = world
        .client
        .send(UpdateContactGroup::new("lin", 1, update))
        .await
        .unwrap();
    let codes: Vec<i64> = updated
        .update_group_result
        .contact_result_item
        .unwrap()
        .iter()
        .map(|item| item.result_code.0)
        .collect();
    assert_eq!(codes, [0, 0, 50002]);

    let marks = [
        ContactMark::new(MarkOperation::BOTH, user("bob"))
            .with_set_mark([0, 3, 63])
            .with_custom_mark("poker"),
        ContactMark::new(MarkOperation::STANDARD, gone).with_set_mark([1]),
        ContactMark::new(MarkOperation::STANDARD, user("ada")).with_set_mark([64]),
    ];
    let marked = world
        .client
        .send(MarkContact::new("lin", marks))
        .await
        .unwrap();
    let codes: Vec<i64> = marked
        .result_item
        .iter()
        .map(|item| item.result_code.0)
        .collect();
    assert_eq!(codes, [0, 51007, 50002]);
    let clear = ContactMark::new(MarkOperation::STANDARD, user("bob")).with_clear_mark([63]);
    world
        .client
        .send(MarkContact::new("lin", [clear]))
        .await
        .unwrap();

    let found = world
        .client
        .send(SearchContactGroup::new(
            "lin",
            [user("bob"), user("ada"), user("mei")],
        ))
        .await
        .unwrap();
    assert_eq!(found.contact_result_item.len(), 2);
    assert_eq!(
        found.contact_result_item[0].standard_mark.as_deref(),
        Some("1001")
    );
    assert_eq!(
        found.contact_result_item[0].custom_mark.as_deref(),
        Some("poker")
    );
    assert_eq!(found.group_item[0].group_name, "home");

    let deleted = world
        .client
        .send(DeleteContactGroup::new("lin", ["home"]))
        .await
        .unwrap();
    assert_eq!(deleted.group_item.len(), 1);
    assert_eq!(
        world.code(DeleteContactGroup::new("lin", ["home"])).await,
        51009
    );
    let left = world
        .client
        .send(GetContactGroup::new("lin"))
        .await
        .unwrap();
    assert_eq!(
        (
            left.contact_item.len(),
            left.group_item.len(),
            left.complete_flag.is_on()
        ),
        (1, 0, true)
    );

    assert_eq!(world.code(create(&"x".repeat(33), vec![])).await, 51011);
    assert_eq!(world.code(MarkContact::new("lin", [])).await, 51006);
    for number in 0..20 {
        world
            .client
            .send(create(&format!("group {number}"), vec![]))
            .await
            .unwrap();
    }
    assert_eq!(world.code(create("one too many", vec![])).await, 51010);
    assert_eq!(
        world
            .code(CreateContactGroup::new(
                "nobody",
                [NewContactGroup::new("a", [])]
            ))
            .await,
        50001
    );
}

#[tokio::test]
async fn get_contact_group_pages() {
    let world = World::new().await;
    let users: Vec<String> = (0..100).map(|number| format!("user{number:03}")).collect();
    world
        .client
        .send(ImportAccounts::new(users.clone()))
        .await
        .unwrap();
    let marks = users
        .iter()
        .map(|id| ContactMark::new(MarkOperation::CUSTOM, user(id)).with_custom_mark("x"));
    world
        .client
        .send(MarkContact::new("lin", marks))
        .await
        .unwrap();
    let mut items = world.client.items(GetContactGroup::new("lin"));
    let mut seen = Vec::new();
    while let Some(item) = items.next_item().await {
        seen.push(item.unwrap().to_account.unwrap());
    }
    assert_eq!(seen, users);
    let pages = world
        .simulator
        .journal()
        .iter()
        .filter(|entry| entry.path == GetContactGroup::META.path)
        .count();
    assert_eq!(pages, 34);
}

#[tokio::test]
async fn groups() {
    let world = World::new().await;
    let create = CreateGroup::new(GroupType::PUBLIC, "Chess club")
        .with_owner_account("lin")
        .with_group_id("chess")
        .with_app_defined_data([
            CustomField::new(CustomFieldRequired {
                key: "City".into(),
                value: "Lyon".into(),
            }),
            CustomField::new(CustomFieldRequired {
                key: "Blob".into(),
                value: "a\0z".into(),
            }),
        ])
        .with_member_list([
            NewMember::new("mei").with_role(MemberRole::ADMIN),
            NewMember::new("ada"),
        ]);
    assert_eq!(world.client.send(&create).await.unwrap().group_id, "chess");
    assert_eq!(world.code(create.clone()).await, 10025);
    assert_eq!(
        world.code(create.clone().with_owner_account("mei")).await,
        10021
    );
    let info = world
        .client
        .send(GetGroupInfo::new(["chess", "gone"]))
        .await
        .unwrap()
        .group_info;
    assert_eq!(
        (info[0].member_num, info[0].name.as_deref()),
        (Some(3), Some("Chess club"))
    );
    assert_eq!(info[0].app_defined_data.as_ref().unwrap()[1].value, "a\0z");
    assert_eq!(info[1].error_code, ErrorCode::GROUP_NOT_FOUND);
    let filter = GroupInfoFilter::new()
        .with_group_base_info_filter(["Name"])
        .with_member_info_filter(["Role"])
        .with_app_defined_data_filter_group(["City"]);
    let info = world
        .client
        .send(GetGroupInfo::new(["chess"]).with_response_filter(filter))
        .await
        .unwrap()
        .group_info;
    assert_eq!(
        (
            info[0].r#type.is_none(),
            info[0].app_defined_data.as_ref().unwrap().len()
        ),
        (true, 1)
    );
    let members = info[0].member_list.as_ref().unwrap();
    assert_eq!(
        (members[1].role.clone(), members[1].join_time),
        (Some(MemberRole::OWNER), None)
    );

    let community = CreateGroup::new(GroupType::COMMUNITY, "All").with_support_topic(true);
    let community = world.client.send(&community).await.unwrap();
    assert!(
        community.group_id.starts_with("@TGS#_") && community.r#type == Some(GroupType::COMMUNITY)
    );
    for number in 0..5 {
        world
            .client
            .send(CreateGroup::new(
                GroupType::MEETING,
                format!("room {number}"),
            ))
            .await
            .unwrap();
    }
    let mut items = world.client.items(
        ListGroups::new()
            .with_limit(2)
            .with_group_type(GroupType::MEETING),
    );
    let mut seen = Vec::new();
    while let Some(item) = items.next_item().await {
        seen.push(item.unwrap().group_id);
    }
    assert_eq!(seen.len(), 5);
    let all = world.client.send(ListGroups::new()).await.unwrap();
    assert_eq!((all.total_count, all.next), (7, Some(0)));

    let member = || [NewMember::new("mei")];
    for (request, expected) in [
        (CreateGroup::new("Secret".into(), "x"), 10004),
        (CreateGroup::new(GroupType::WORK, ""), 10004),
        (CreateGroup::new(GroupType::WORK, "x".repeat(31)), 10004),
        (
            CreateGroup::new(GroupType::WORK, "x").with_group_id("@TGS#mine"),
            10004,
        ),
        (
            CreateGroup::new(GroupType::WORK, "x").with_owner_account("nobody"),
            10004,
        ),
        (
            CreateGroup::new(GroupType::AV_CHAT_ROOM, "x").with_member_list(member()),
            10007,
        ),
    ] {
        assert_eq!(world.code(request).await, expected);
    }
    let many = (0..101).map(|number| NewMember::new(number.to_string()));
    assert_eq!(
        world
            .code(CreateGroup::new(GroupType::WORK, "x").with_member_list(many))
            .await,
        10005
    );
    assert_eq!(world.code(ListGroups::new().with_next(7)).await, 10004);
    assert_eq!(
        world
            .code(GetGroupInfo::new((0..51).map(|i| i.to_string())))
            .await,
        10004
    );
}

#[tokio::test]
async fn a_reply_without_action_status() {
    let world = World::new().await;
    let reply = world.client.send(GetServerIpList::new()).await.unwrap();
    assert_eq!(
        (reply.envelope.action_status, reply.ip_list.len()),
        (None, 2)
    );
}

#[tokio::test]
async fn conversations_are_pinned_fifty_at_most() {
    let world = World::new().await;
    let users: Vec<String> = (0..51).map(|number| format!("user{number}")).collect();
    world.ok(ImportAccounts::new(users.clone())).await;
    let group = world.group(GroupType::PUBLIC, "chess").await;
    let user = |id: &str| PinnedContact::new(ContactType::C2C).with_to_account(id);
    let pin = |items: Vec<PinnedContact>| PinConversations::new("lin", PinOperation::PIN, items);
    let group = PinnedContact::new(ContactType::GROUP).with_group_id(group);
    world.ok(pin(vec![user("mei"), group])).await;
    let list = async || {
        let request = GetConversationList::new("lin", 63);
        let list: Vec<_> = world.client.items(request).try_collect().await.unwrap();
        let pinned = list.into_iter().filter(|item| item.top_flag.is_on());
        pinned
            .map(|item| item.to_account.or(item.group_id).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(list().await.len(), 2);
    world
        .ok(pin(users[..48].iter().map(|id| user(id)).collect()))
        .await;
    assert_eq!(world.code(pin(vec![user("user50")])).await, 51012);
    world.ok(pin(vec![user("mei")])).await;
    let unpin = PinConversations::new("lin", PinOperation::UNPIN, [user("mei"), user("ada")]);
    world.ok(unpin).await;
    assert_eq!(list().await.len(), 49);
    world.ok(pin(vec![user("user50")])).await;
    assert_eq!(world.code(pin(vec![user("nobody")])).await, 50001);
}

#[tokio::test]
async fn a_user_is_left_alone_at_the_hours_that_were_set() {
    let world = World::new().await;
    let set = |daily: bool| {
        SetDoNotDisturb::new(SetDoNotDisturbRequired {
            to_account: "lin".into(),
            start_time: NOW + 100,
            end_time: NOW + 200,
            is_repeated: daily.into(),
            level: DoNotDisturbLevel::BLOCK,
        })
    };
    world.ok(set(false)).await;
    let now = || world.simulator.do_not_disturb("lin");
    assert_eq!(now(), None);
    world.clock.advance(150);
    assert_eq!(now(), Some(DoNotDisturbLevel::BLOCK));
    world.clock.advance(86_400);
    assert_eq!(now(), None, "once");
    world.ok(set(true)).await;
    assert_eq!(now(), Some(DoNotDisturbLevel::BLOCK), "every day");
    world.clock.advance(50);
    assert_eq!(now(), None);
    let backwards = SetDoNotDisturb::new(SetDoNotDisturbRequired {
        to_account: "lin".into(),
        start_time: NOW,
        end_time: NOW - 1,
        is_repeated: false.into(),
        level: DoNotDisturbLevel::BLOCK,
    });
    assert_eq!(world.code(backwards).await, 90001);
}

#[tokio::test]
async fn users_and_groups_are_found_by_name_and_id() {
    let world = World::new().await;
    let profiles = [
        ("lin", "chess fan", "Gender_Type_Female", 19_900_101),
        ("mei", "go and chess", "Gender_Type_Female", 20_000_101),
        ("ada", "chess", "Gender_Type_Male", 20_100_101),
        ("bob", "chess too", "Gender_Type_Male", 20_100_101),
    ];
    for (user, nick, gender, birthday) in profiles {
        let items = [
            ProfileItem::new(ProfileTag::NICK, nick),
            ProfileItem::new(ProfileTag::GENDER, gender),
            ProfileItem::new(ProfileTag::BIRTHDAY, TagValue::Integer(birthday)),
        ];
        world.ok(SetProfile::new(user, items)).await;
    }
    let found = async |request: SearchUsers| {
        let users: Vec<_> = world.client.items(request).try_collect().await.unwrap();
        let ids = users.into_iter().map(|user| user.user_id);
        ids.collect::<Vec<_>>()
    };
    let search = |words: &[&str]| SearchUsers::new(words.iter().copied(), 2);
    assert_eq!(
        found(search(&["chess"])).await,
        ["ada", "bob", "lin", "mei"],
        "page by page"
    );
    assert_eq!(found(search(&["lin"])).await, ["lin"], "by the whole id");
    assert!(found(search(&["li"])).await.is_empty());
    assert_eq!(found(search(&["fan", "go"])).await, ["lin", "mei"]);
    let both = search(&["chess", "go"]).with_keyword_match_type(KeywordMatchType::ALL);
    assert_eq!(found(both).await, ["mei"]);
    let men = search(&["chess"]).with_user_gender_type(SearchGender::MALE);
    assert_eq!(found(men).await, ["ada", "bob"]);
    let young = search(&["chess"]).with_user_birth_start(20_000_101_u64);
    let young = young.with_user_birth_end(20_050_101_u64);
    assert_eq!(found(young).await, ["mei"]);
    let page = world.ok(search(&["chess"])).await;
    assert_eq!((page.total_count, page.is_finish), (4, false));

    let ids = ["one", "two", "three", "four"];
    for id in ids {
        world.group(GroupType::PUBLIC, id).await;
    }
    world.group(GroupType::WORK, "work").await;
    let search = SearchGroups::new(["a group"], 100);
    let groups: Vec<_> = (world.client.items(search.clone()))
        .try_collect()
        .await
        .unwrap();
    assert_eq!(groups.len(), 5);
    let search = search.with_group_type([GroupType::PRIVATE]);
    let groups: Vec<_> = world.client.items(search).try_collect().await.unwrap();
    assert_eq!(groups[0].group_id, "work", "by the name of old");
    assert_eq!(
        groups[0].group_owner_user_name.as_deref(),
        Some("chess fan")
    );
    assert_eq!(groups[0].group_member_num, Some(3));
}
