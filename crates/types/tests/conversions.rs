//! Constructing objects and reading their contents, as an app does.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, HashSet};
use tencent_chat_types::{from_slice, prelude::*, to_vec, webhook::prelude::*};

fn json<T: serde::Serialize>(value: &T) -> serde_json::Value {
    serde_json::from_slice(&to_vec(value).unwrap()).unwrap()
}

#[test]
fn a_message_can_be_made_from_strings() {
    let text = serde_json::json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }]);
    let owned = String::from("hi");
    for message in [
        message::SendMsg::new("mei", ["hi"]),
        message::SendMsg::new("mei", [&owned]),
        message::SendMsg::new("mei", [owned.clone()]),
        message::SendMsg::new("mei", [TextElem::new("hi")]),
        message::SendMsg::new("mei", MsgBody::new().text("hi")),
    ] {
        assert_eq!(json(&message)["MsgBody"], text);
    }
}

#[test]
fn items_can_be_made_from_any_list_of_strings() {
    let texts = ["lin", "mei"];
    let slice: &[&str] = &texts;
    let owned = texts.map(String::from).to_vec();
    let expected = group::AddGroupMembers::new("chess", texts.map(MemberAccount::new));
    for request in [
        group::AddGroupMembers::new("chess", texts),
        group::AddGroupMembers::new("chess", slice),
        group::AddGroupMembers::new("chess", slice.iter().filter(|name| !name.is_empty())),
        group::AddGroupMembers::new("chess", &owned),
        group::AddGroupMembers::new("chess", owned.as_slice()),
        group::AddGroupMembers::new("chess", owned.iter().map(String::as_str)),
        group::AddGroupMembers::new("chess", "lin mei".split(' ')),
        group::AddGroupMembers::new("chess", owned),
    ] {
        assert_eq!(request, expected);
    }
    let message = message::SendMsg::new("mei", ["hi"].as_slice());
    assert_eq!(message.msg_body[0].as_text().unwrap().text, "hi");
}

#[test]
fn a_body_can_hold_elements_of_several_kinds() {
    let body = MsgBody::new()
        .text("Rating")
        .custom(CustomElem::new().with_data("1830"))
        .with(FaceElem::new(7));
    let tags: Vec<&str> = body.as_ref().iter().map(MsgElement::tag).collect();
    assert_eq!(tags, ["TIMTextElem", "TIMCustomElem", "TIMFaceElem"]);
    assert_eq!(body.as_ref()[0].as_text().unwrap().text, "Rating");
    assert_eq!(body.as_ref()[0].as_custom(), None);

    let mut longer: MsgBody = ["one", "two"].into_iter().collect();
    longer.extend(body.clone());
    assert_eq!(longer.as_ref().len(), 5);
    assert_eq!(longer.as_ref()[2..], *body.as_ref());

    // Neighboring arguments that both accept strings take only elements.
    let many = message::SendMsgToMany::new(["mei", "lin"], body.clone());
    assert_eq!(many.msg_body, Vec::from(body));
}

#[test]
fn members_can_be_made_from_names() {
    let users = vec![String::from("lin"), String::from("mei")];
    let add = group::AddGroupMembers::new("chess", &users);
    assert_eq!(add, group::AddGroupMembers::new("chess", ["lin", "mei"]));
    assert_eq!(
        add,
        group::AddGroupMembers::new("chess", users.iter().map(group::MemberAccount::new))
    );
    let club = group::CreateGroup::new(GroupType::PUBLIC, "chess").with_member_list(users);
    let names: Vec<String> = club
        .member_list
        .unwrap()
        .into_iter()
        .map(|m| m.member_account)
        .collect();
    assert_eq!(names, ["lin", "mei"]);
}

#[test]
fn tuples_assign_values_to_keys() {
    let map = BTreeMap::from([("colour", "black"), ("level", "3")]);
    let of_map = group::CreateGroup::new(GroupType::PUBLIC, "chess").with_app_defined_data(map);
    let of_array = group::CreateGroup::new(GroupType::PUBLIC, "chess")
        .with_app_defined_data([("colour", "black"), ("level", "3")]);
    assert_eq!(of_map, of_array);
    assert_eq!(
        json(&of_array)["AppDefinedData"],
        serde_json::json!([{ "Key": "colour", "Value": "black" }, { "Key": "level", "Value": "3" }])
    );
    let fields = of_array.app_defined_data.unwrap();
    assert_eq!(fields.value_of("level"), Some(&"3".to_owned()));
    assert_eq!(fields.value_of("size"), None);

    let counter = GroupCounter::from(("moves", 41));
    assert_eq!((counter.key(), counter.value()), ("moves", Some(&41)));
    // The value of an extension is optional, so a key alone is enough.
    let extension = MsgExtension::from("seen");
    assert_eq!((extension.key(), extension.value()), ("seen", None));
    assert_eq!(MsgExtension::from(("seen", "yes")).value().unwrap(), "yes");
}

#[test]
fn open_string_enums_are_strings() {
    let kind: GroupType = "Public".parse().unwrap();
    assert_eq!(kind, GroupType::PUBLIC);
    assert_eq!(kind, "Public");
    assert!(kind != *"Private");
    assert_eq!(kind.as_ref(), "Public");
    let odd: GroupType = "Guild".parse().unwrap();
    assert!(!odd.is_known() && odd == "Guild");
}

#[test]
fn flags_are_truths() {
    let flags = [Flag(0), Flag(1), Flag(2)];
    assert_eq!(flags.map(bool::from), [false, true, true]);
    assert!(Flag::from(true) == true && Flag::OFF == false && Flag(2) == true);
}

#[test]
fn a_profile_is_written_and_read_by_field() {
    let day = Date::new(1990, 4, 1).unwrap();
    let items = [
        ProfileItem::nick("林"),
        ProfileItem::gender(Gender::FEMALE),
        ProfileItem::birthday(day),
        ProfileItem::location("CN-440300"),
        ProfileItem::level(3),
        ProfileItem::custom("Club", "chess"),
        ProfileItem::from((ProfileTag::ROLE, 2)),
    ];
    let written = profile::SetProfile::new("lin", items.clone());
    assert_eq!(
        json(&written)["ProfileItem"],
        serde_json::json!([
            { "Tag": "Tag_Profile_IM_Nick", "Value": "林" },
            { "Tag": "Tag_Profile_IM_Gender", "Value": "Gender_Type_Female" },
            { "Tag": "Tag_Profile_IM_BirthDay", "Value": 19900401 },
            { "Tag": "Tag_Profile_IM_Location", "Value": "CN-440300" },
            { "Tag": "Tag_Profile_IM_Level", "Value": 3 },
            { "Tag": "Tag_Profile_Custom_Club", "Value": "chess" },
            { "Tag": "Tag_Profile_IM_Role", "Value": 2 },
        ])
    );
    assert_eq!(items.nick(), Some("林"));
    assert_eq!(items.gender(), Some(Gender::FEMALE));
    assert_eq!(items.birthday(), Some(day));
    assert_eq!(items.location(), Some("CN-440300"));
    assert_eq!(
        (items.level(), items.role(), items.language()),
        (Some(3), Some(2), None)
    );
    assert_eq!(items.custom("Club"), Some(&"chess".into()));
    assert_eq!(items.image(), None);
}

#[test]
fn a_reply_has_the_accessors_of_its_items() {
    let user: profile::UserProfile = from_slice(
        br#"{ "To_Account": "lin", "ResultCode": 0, "ProfileItem": [
            { "Tag": "Tag_Profile_IM_Nick", "Value": "Lin" },
            { "Tag": "Tag_Profile_IM_BirthDay", "Value": 0 },
            { "Tag": "Tag_Profile_IM_Level", "Value": "three" }] }"#,
    )
    .unwrap();
    assert_eq!(user.nick(), Some("Lin"));
    // Values of the wrong type read as missing, and are still there.
    assert_eq!((user.birthday(), user.level()), (None, None));
    assert_eq!(
        user.tagged("Tag_Profile_IM_Level").unwrap().as_text(),
        Some("three")
    );
    let unread = profile::UserProfile::default();
    assert_eq!(unread.nick(), None);
}

/// Where profiles are returned along with friends, both kinds of fields are available.
#[test]
fn a_friend_has_fields_of_its_own_and_of_the_profile() {
    let friend: relationship::FriendInfo = from_slice(
        r#"{ "To_Account": "mei", "ResultCode": 0, "SnsProfileItem": [
            { "Tag": "Tag_SNS_IM_Remark", "Value": "chess" },
            { "Tag": "Tag_SNS_IM_Group", "Value": ["club", "family"] },
            { "Tag": "Tag_SNS_IM_AddTime", "Value": 1500000000 },
            { "Tag": "Tag_SNS_Custom_Since", "Value": 2014 },
            { "Tag": "Tag_Profile_IM_Nick", "Value": "梅" },
            { "Tag": "Tag_Profile_Custom_Club", "Value": "chess" }] }"#
            .as_bytes(),
    )
    .unwrap();
    assert_eq!(friend.remark(), Some("chess"));
    assert_eq!(friend.group().unwrap(), ["club", "family"]);
    assert_eq!(friend.add_time(), Some(1_500_000_000));
    assert_eq!(friend.friend_custom("Since"), Some(&2014.into()));
    assert_eq!(friend.nick(), Some("梅"));
    assert_eq!(friend.custom("Club"), Some(&"chess".into()));

    let item = RelationItem::group(["club"]);
    assert_eq!(
        json(&item),
        serde_json::json!({ "Tag": "Tag_SNS_IM_Group", "Value": ["club"] })
    );
}

/// One function for messages to users and to groups, whose codes differ.
fn moderate<E: MsgToSend>(event: &E) -> E::Answer {
    let said = |word: &str| {
        let mut texts = event.msg_body().iter().filter_map(MsgElement::as_text);
        texts.any(|elem| elem.text.contains(word))
    };
    match event.from_account() {
        "mallory" => E::Answer::drop(),
        "eve" => E::Answer::refuse(),
        _ if said("casino") => E::Answer::refuse_saying("no advertising, please"),
        _ if said("damn") => MsgToSendChanges::new().with_msg_body(["***"]).into(),
        _ => E::Answer::allow(),
    }
}

fn c2c(from: &str, text: &str) -> C2cBeforeSendMsg {
    C2cBeforeSendMsg::new(C2cBeforeSendMsgRequired {
        from_account: from.into(),
        to_account: "mei".into(),
        msg_seq: 1,
        msg_random: 2,
        msg_time: 3,
        msg_key: "1_2_3".into(),
        msg_body: vec![text.into()],
    })
}

fn in_group(from: &str, text: &str) -> GroupBeforeSendMsg {
    GroupBeforeSendMsg::new(GroupBeforeSendMsgRequired {
        group_id: "chess".into(),
        r#type: GroupType::PUBLIC,
        from_account: from.into(),
        operator_account: from.into(),
        random: 2,
        msg_body: vec![text.into()],
        event_time: 3,
    })
}

#[test]
fn one_function_moderates_both() {
    use C2cBeforeSendMsgAnswer as C2c;
    use GroupBeforeSendMsgAnswer as Group;
    let refused = |code| (code, "no advertising, please");
    let (code, text) = refused(120_001);
    let c2c_refused = C2c::from(Refusal::new(code, text).unwrap());
    let (code, text) = refused(10_100);
    let group_refused = Group::from(Refusal::new(code, text).unwrap());
    let c2c_changed = C2c::Change(C2cBeforeSendMsgChanges::new().with_msg_body(["***"]));
    let group_changed = Group::Change(GroupBeforeSendMsgChanges::new().with_msg_body(["***"]));
    for (from, text, of_c2c, of_group) in [
        ("lin", "hi", C2c::Allow, Group::Allow),
        ("mallory", "hi", C2c::Drop, Group::Drop),
        ("eve", "hi", C2c::Refuse, Group::Refuse),
        ("lin", "casino", c2c_refused, group_refused),
        ("lin", "damn", c2c_changed, group_changed),
    ] {
        assert_eq!(moderate(&c2c(from, text)), of_c2c);
        assert_eq!(moderate(&in_group(from, text)), of_group);
    }
}

/// The service would interpret every other code as something else.
#[test]
fn only_codes_in_the_range_refuse() {
    type Answer = GroupBeforeSendMsgAnswer;
    assert_eq!(Answer::CODES, 10_100..=10_200);
    assert!(Answer::refuse_with(10_200, "no").is_ok());
    let error = Answer::refuse_with(120_001, "no").unwrap_err();
    assert_eq!(
        (error.code, error.from, error.to),
        (120_001, 10_100, 10_200)
    );
}

#[test]
fn sent_messages_have_common_accessors() {
    fn summary<E: SentMsg>(event: &E) -> (String, usize, u64) {
        (
            event.from_account().to_owned(),
            event.msg_body().len(),
            event.msg_time(),
        )
    }
    let event: GroupAfterSendMsg = from_slice(
        br#"{ "CallbackCommand": "Group.CallbackAfterSendMsg", "From_Account": "lin", "MsgTime": 9,
              "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hi" } }] }"#,
    )
    .unwrap();
    assert_eq!(summary(&event), ("lin".to_owned(), 1, 9));
}

#[test]
fn labels_of_metrics_are_words_and_differ() {
    let classes: HashSet<&str> = ErrorCode::all()
        .iter()
        .map(|info| info.class.as_str())
        .collect();
    let is_word = |label: &&str| label.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    assert!(
        classes.len() == 8 && classes.iter().all(is_word),
        "{classes:?}"
    );
    assert_eq!(ErrorClass::Quota.as_ref(), "quota");
    assert_eq!(ErrorRepeat::RenewUserSig.as_ref(), "renew_usersig");
}

#[test]
fn types_without_fractions_implement_eq() {
    fn is_eq<T: Eq>() {}
    is_eq::<group::AddGroupMembers>();
    is_eq::<profile::GetProfilesReply>();
    is_eq::<Extra>();
}

/// Types are in the module of their request.
#[test]
fn a_family_has_the_types_of_its_requests() {
    use tencent_chat_types::{
        account::AccountImport, group::NewMember, message::TextElem as Text, webhook,
    };
    let _ = (
        AccountImport::new("lin"),
        NewMember::new("lin"),
        Text::new("hi"),
    );
    let _ = webhook::MsgElement::from("hi");
}
