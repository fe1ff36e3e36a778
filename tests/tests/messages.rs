//! Messages of groups and between users, beyond sending and reading back: against the simulator,
//! over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_tests::world::{NOW, World, text};
use tencent_chat_types::{
    ActionStatus, Envelope, ErrorCode, Reply,
    conversation::{
        GetC2cUnreadCount, GetConversationList, SetGroupUnreadCount, SetGroupUnreadCountRequired,
    },
    group::{GetGroupMembers, ModifyGroup, MuteGroupMembers},
    message::{
        DeleteGroupMsgsBySender, DeleteGroupMsgsBySenderRequired, GetC2cHistory,
        GetC2cHistoryRequired, GetC2cMsgExtensions, GetC2cMsgExtensionsRequired, GetGroupHistory,
        GetGroupMsgExtensions, GetGroupMsgReaders, GetGroupMsgReadersRequired, GetGroupMsgReceipts,
        ImportC2cMsg, ImportC2cMsgRequired, ImportGroupMsgs, MarkC2cMsgsRead,
        MarkC2cMsgsReadRequired, ModifyC2cMsg, ModifyC2cMsgRequired, ModifyGroupMsg, RecallC2cMsg,
        RecallC2cMsgRequired, RecallGroupMsgs, SendBroadcastMsg, SendGroupMsg,
        SendGroupSystemNotification, SendGroupSystemNotificationRequired, SendMsg, SendMsgToMany,
        SetC2cMsgExtensions, SetC2cMsgExtensionsRequired, SetGroupMsgExtensions,
        get_c2c_history::MsgFlagBits,
        get_group_history::{HistoryEnd, PlaceMark},
        get_group_msg_readers::ReadFilter,
        import_c2c_msg::ImportMode,
        import_group_msgs::ImportedGroupMsg,
    },
    model::{
        ExtensionOperation, GroupType, MsgElement, MsgExtension, MsgSeqItem, MuteAllMember,
        SendMsgControl,
    },
    moderation::{GetGlobalMute, SetGlobalMute},
};

fn said(element: &MsgElement) -> &str {
    match element {
        MsgElement::Text(element) => &element.text,
        other => panic!("{other:?}"),
    }
}

async fn send(world: &World, group: &str, number: u32) -> u64 {
    let message = SendGroupMsg::new(group, text(&format!("message {number}"))).with_random(number);
    world
        .ok(message.with_from_account("lin"))
        .await
        .msg_seq
        .unwrap()
}

#[tokio::test]
async fn group_messages_are_numbered_stored_and_paged() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    for number in 1..=45 {
        assert_eq!(send(&world, &id, number).await, u64::from(number));
    }
    // The same message again within five minutes is dropped.
    assert_eq!(send(&world, &id, 45).await, 45);
    world.clock.advance(300);
    assert_eq!(send(&world, &id, 45).await, 46);
    let mut items = world.client.items(GetGroupHistory::new(id.as_str(), 20));
    let mut seen = Vec::new();
    while let Some(message) = items.next_item().await {
        seen.push(message.unwrap().msg_seq);
    }
    assert_eq!(seen, (1..=46).rev().collect::<Vec<u64>>());
    let some = GetGroupHistory::new(id.as_str(), 2).with_req_msg_seq(40_u64);
    let some = world.ok(some).await;
    assert_eq!(some.is_finished, HistoryEnd::ALL);
    assert_eq!(
        said(&some.rsp_msg_list[0].msg_body.as_ref().unwrap()[0]),
        "message 40"
    );
    let lists = world.ok(GetConversationList::new("mei", 7)).await;
    assert_eq!(lists.session_item[0].group_id.as_deref(), Some(id.as_str()));
}

#[tokio::test]
async fn who_may_not_speak_is_refused() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let from = |user: &str| {
        SendGroupMsg::new(id.as_str(), text("x"))
            .with_random(1)
            .with_from_account(user)
    };
    assert_eq!(world.code(from("bob")).await, 10007);
    assert_eq!(world.code(from("nobody")).await, 10004);
    world
        .ok(MuteGroupMembers::new(id.as_str(), ["mei"], 60))
        .await;
    assert_eq!(world.code(from("mei")).await, 10017);
    world.clock.advance(60);
    world.ok(from("mei")).await;
    world
        .ok(ModifyGroup::new(id.as_str()).with_mute_all_member(MuteAllMember::ON))
        .await;
    assert_eq!(world.code(from("mei")).await, 10017);
    world.ok(from("lin")).await;
    world
        .ok(ModifyGroup::new(id.as_str()).with_mute_all_member(MuteAllMember::OFF))
        .await;
    world
        .ok(SetGlobalMute::new("mei").with_group_mute_seconds(u32::MAX))
        .await;
    assert_eq!(world.code(from("mei")).await, 10017);
    let mute = world.ok(GetGlobalMute::new("mei")).await;
    assert_eq!(
        (mute.group_mute_seconds, mute.c2c_mute_seconds),
        (4_294_967_295, 0)
    );
    assert_eq!(
        mute.envelope().action_status,
        None,
        "these commands answer without it"
    );
    world
        .ok(SetGlobalMute::new("mei").with_group_mute_seconds(90_u32))
        .await;
    world.clock.advance(30);
    assert_eq!(
        world.ok(GetGlobalMute::new("mei")).await.group_mute_seconds,
        60
    );
    assert_eq!(world.code(SetGlobalMute::new("mei")).await, 130_008);
    assert_eq!(world.code(GetGlobalMute::new("nobody")).await, 130_003);

    let long = SendGroupMsg::new(id.as_str(), text(&"x".repeat(13_000))).with_random(1);
    assert_eq!(world.code(long).await, 80002);
    assert_eq!(
        world
            .code(SendGroupMsg::new("none", text("x")).with_random(1))
            .await,
        10010
    );
    assert_eq!(
        world
            .code(SendGroupMsg::new(id.as_str(), [] as [MsgElement; 0]).with_random(1))
            .await,
        10004
    );
}

#[tokio::test]
async fn group_messages_change_and_go() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    for number in 1..=4 {
        send(&world, &id, number).await;
    }
    let change = ModifyGroupMsg::new(id.as_str(), 1).with_msg_body(text("changed"));
    world.ok(change).await;
    let recalled = RecallGroupMsgs::new(id.as_str(), [2, 9].map(MsgSeqItem::new));
    let codes = world.ok(recalled.clone()).await.recall_ret_list;
    let codes: Vec<i64> = codes.iter().map(|result| result.ret_code.0).collect();
    assert_eq!(codes, [0, 10030]);
    assert_eq!(
        world.ok(recalled).await.recall_ret_list[0].ret_code.0,
        10032
    );
    assert_eq!(world.code(ModifyGroupMsg::new(id.as_str(), 2)).await, 20001);
    let from_mei = SendGroupMsg::new(id.as_str(), text("spam"))
        .with_random(9)
        .with_from_account("mei");
    world.ok(from_mei).await;
    world
        .ok(DeleteGroupMsgsBySender::new(
            DeleteGroupMsgsBySenderRequired {
                group_id: id.as_str().into(),
                sender_account: "mei".into(),
            },
        ))
        .await;
    world
        .ok(SendGroupSystemNotification::new(
            SendGroupSystemNotificationRequired {
                group_id: id.as_str().into(),
                content: "be kind".into(),
            },
        ))
        .await;
    let all = GetGroupHistory::new(id.as_str(), 20).with_with_recalled_msg(true);
    let all = world.ok(all).await.rsp_msg_list;
    let marks: Vec<PlaceMark> = all
        .iter()
        .map(|message| message.is_place_msg.unwrap())
        .collect();
    use PlaceMark as Mark;
    let expected = [
        Mark::PRESENT,
        Mark::GONE,
        Mark::PRESENT,
        Mark::PRESENT,
        Mark::RECALLED,
        Mark::PRESENT,
    ];
    assert_eq!(marks, expected);
    assert!(all[0].is_system_msg.unwrap().is_on());
    assert_eq!(said(&all[5].msg_body.as_ref().unwrap()[0]), "changed");
    let without = world
        .ok(GetGroupHistory::new(id.as_str(), 20))
        .await
        .rsp_msg_list;
    assert_eq!(without[4].is_place_msg, Some(PlaceMark::GONE));

    let live = world.live_group().await;
    let sent = world
        .ok(SendGroupMsg::new(live.as_str(), text("hi")).with_random(1))
        .await;
    assert_eq!(sent.msg_seq, Some(1));
    assert_eq!(
        world.code(GetGroupHistory::new(live.as_str(), 1)).await,
        10044
    );
    assert_eq!(
        world
            .code(RecallGroupMsgs::new(live, [MsgSeqItem::new(1)]))
            .await,
        10033
    );
    let first = world
        .ok(SendBroadcastMsg::new(text("to all")).with_random(1))
        .await
        .msg_seq;
    assert!(
        world
            .ok(SendBroadcastMsg::new(text("to all")).with_random(2))
            .await
            .msg_seq
            > first
    );
}

#[tokio::test]
async fn topics_have_messages_of_their_own() {
    let world = World::new().await;
    let (id, topic) = world.community().await;
    let to_topic = |number| {
        SendGroupMsg::new(id.as_str(), text("in the topic"))
            .with_random(number)
            .with_topic_id(topic.as_str())
    };
    assert_eq!(world.ok(to_topic(1)).await.msg_seq, Some(1));
    assert_eq!(world.ok(to_topic(2)).await.msg_seq, Some(2));
    assert_eq!(
        world
            .ok(SendGroupMsg::new(id.as_str(), text("x")).with_random(3))
            .await
            .msg_seq,
        Some(1)
    );
    let history = GetGroupHistory::new(id.as_str(), 20).with_topic_id(topic.as_str());
    assert_eq!(world.ok(history).await.rsp_msg_list.len(), 2);
    assert_eq!(world.code(to_topic(4).with_topic_id("gone")).await, 10004);
}

#[tokio::test]
async fn receipts_and_unread_counts_of_groups() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    for number in 1..=3 {
        send(&world, &id, number).await;
    }
    world.simulator.read_group_msgs("mei", &id, 2).unwrap();
    let receipts = GetGroupMsgReceipts::new(id.as_str(), [2, 3, 9].map(MsgSeqItem::new));
    let receipts = world.ok(receipts).await.group_msg_receipt_list;
    assert_eq!(
        (receipts[0].read_num, receipts[0].unread_num),
        (Some(1), Some(1))
    );
    assert_eq!(
        (receipts[1].read_num, receipts[1].unread_num),
        (Some(0), Some(2))
    );
    assert_eq!(receipts[2].code, ErrorCode::GROUP_RECEIPT_NOT_FOUND);
    let readers = GetGroupMsgReaders::new(GetGroupMsgReadersRequired {
        group_id: id.as_str().into(),
        msg_seq: 2,
        filter: ReadFilter::READ,
        cursor: "".into(),
        count: 100,
    });
    let readers = world.ok(readers).await;
    assert_eq!(readers.read_list.unwrap()[0].read_account, "mei");
    assert!(readers.is_finish.is_on());
    let unread = GetGroupMsgReaders::new(GetGroupMsgReadersRequired {
        group_id: id.as_str().into(),
        msg_seq: 3,
        filter: ReadFilter::UNREAD,
        cursor: "".into(),
        count: 1,
    });
    let unread = world.ok(unread).await;
    assert!(!unread.is_finish.is_on());
    assert_eq!(unread.unread_list.unwrap()[0].unread_account, "ada");
    let gone = GetGroupMsgReaders::new(GetGroupMsgReadersRequired {
        group_id: id.as_str().into(),
        msg_seq: 9,
        filter: ReadFilter::READ,
        cursor: "".into(),
        count: 1,
    });
    assert_eq!(world.code(gone).await, 10062);

    let read_up_to = async |user: &str| {
        let members = world
            .ok(GetGroupMembers::new(id.as_str()))
            .await
            .member_list;
        let mut members = members.into_iter();
        members
            .find(|member| member.member_account == user)
            .unwrap()
            .msg_seq
    };
    assert_eq!(
        (read_up_to("mei").await, read_up_to("ada").await),
        (Some(2), Some(0))
    );
    world
        .ok(SetGroupUnreadCount::new(SetGroupUnreadCountRequired {
            group_id: id.as_str().into(),
            member_account: "ada".into(),
            unread_msg_num: 1,
        }))
        .await;
    assert_eq!(read_up_to("ada").await, Some(2));
    assert_eq!(
        world
            .code(SetGroupUnreadCount::new(SetGroupUnreadCountRequired {
                group_id: id.as_str().into(),
                member_account: "bob".into(),
                unread_msg_num: 1,
            }))
            .await,
        10004
    );
    let meeting = world.group(GroupType::MEETING, "meeting").await;
    assert_eq!(
        world
            .code(SetGroupUnreadCount::new(SetGroupUnreadCountRequired {
                group_id: meeting,
                member_account: "mei".into(),
                unread_msg_num: 1,
            }))
            .await,
        10007
    );
}

#[tokio::test]
async fn messages_are_imported() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    world.clock.advance(100);
    let at = |time: u64| ImportedGroupMsg::new("lin", time, text("old"));
    let times = [NOW + 10, NOW + 20, NOW + 5, NOW - 5, NOW + 500];
    let import = ImportGroupMsgs::new(id.as_str(), times.map(at));
    let results = world.ok(import).await.import_msg_result;
    let codes: Vec<i64> = results.iter().map(|result| result.result.0).collect();
    assert_eq!(
        codes,
        [0, 0, 10004, 10004, 10004],
        "in order, not older than the group, not to come"
    );
    assert_eq!(
        (results[1].msg_seq, results[1].msg_time),
        (Some(2), Some(NOW + 20))
    );

    let import = |mode, random, time| {
        ImportC2cMsg::new(ImportC2cMsgRequired {
            sync_from_old_system: mode,
            from_account: "lin".into(),
            to_account: "mei".into(),
            msg_time_stamp: time,
            msg_body: text("once").into(),
        })
        .with_msg_random(random)
    };
    world.ok(import(ImportMode::REAL_TIME, 1, NOW + 1)).await;
    world.ok(import(ImportMode::HISTORY, 2, NOW)).await;
    assert_eq!(world.code(import(ImportMode(9), 3, NOW)).await, 90030);
    let history = world
        .ok(GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "mei".into(),
            peer_account: "lin".into(),
            max_cnt: 10,
            min_time: NOW,
            max_time: NOW + 9,
        }))
        .await
        .msg_list;
    let times: Vec<u64> = history
        .iter()
        .map(|message| message.msg_time_stamp.unwrap())
        .collect();
    assert_eq!(times, [NOW, NOW + 1], "sorted by time, not by arrival");
    let unread = world.ok(GetC2cUnreadCount::new("mei")).await;
    assert_eq!(
        unread.all_c2c_unread_msg_num,
        Some(1),
        "history counts as read"
    );
}

#[tokio::test]
async fn messages_to_many() {
    let world = World::new().await;
    let reply = world
        .ok(SendMsgToMany::new(["mei", "nobody", "ada"], text("hi")).with_msg_random(7))
        .await;
    let failed = reply.error_list.as_deref().unwrap();
    assert_eq!((failed.len(), failed[0].error_code.0), (1, 70107));
    let envelope: &Envelope = reply.envelope();
    assert_eq!(envelope.action_status, Some(ActionStatus::SOME_ERROR));
    assert_eq!(
        world
            .code(SendMsgToMany::new(["nobody"], text("hi")).with_msg_random(7))
            .await,
        90012
    );
    assert_eq!(
        world
            .code(SendMsgToMany::new([""; 0], text("hi")).with_msg_random(7))
            .await,
        90004
    );
    let many = (0..501).map(|number| number.to_string());
    assert_eq!(
        world
            .code(SendMsgToMany::new(many, text("hi")).with_msg_random(7))
            .await,
        90011
    );
    for user in ["mei", "ada"] {
        let history = GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: user.into(),
            peer_account: "administrator".into(),
            max_cnt: 10,
            min_time: NOW,
            max_time: NOW,
        });
        assert_eq!(world.ok(history).await.msg_list.len(), 1);
    }
}

#[tokio::test]
async fn one_to_one_messages_change_and_are_read() {
    let world = World::new().await;
    let message = |number| {
        SendMsg::new("mei", text("hello"))
            .with_msg_random(number)
            .with_from_account("lin")
    };
    let key = world.ok(message(1)).await.msg_key.unwrap();
    world.clock.advance(10);
    world.ok(message(2)).await;
    let silent = message(3).with_send_msg_control([SendMsgControl::NO_UNREAD]);
    world.ok(silent).await;
    let unread = async || {
        let counts = GetC2cUnreadCount::new("mei").with_peer_account(["lin", "nobody"]);
        let counts = world.ok(counts).await;
        assert_eq!(counts.error_list.unwrap()[0].peer_account, "nobody");
        counts.c2c_unread_msg_num_list.unwrap()[0].c2c_unread_msg_num
    };
    assert_eq!(unread().await, 2);
    world
        .ok(MarkC2cMsgsRead::new(MarkC2cMsgsReadRequired {
            report_account: "mei".into(),
            peer_account: "lin".into(),
        })
        .with_msg_read_time(NOW))
        .await;
    let history = async |owner: &str, peer: &str| {
        world
            .ok(GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: owner.into(),
                peer_account: peer.into(),
                max_cnt: 10,
                min_time: NOW,
                max_time: NOW + 99,
            }))
            .await
            .msg_list
    };
    let read: Vec<bool> = (history("lin", "mei").await.iter())
        .map(|message| message.is_peer_read.unwrap().is_on())
        .collect();
    assert_eq!(read, [true, false, false], "the sender sees what was read");
    world
        .ok(MarkC2cMsgsRead::new(MarkC2cMsgsReadRequired {
            report_account: "mei".into(),
            peer_account: "lin".into(),
        }))
        .await;
    assert_eq!(unread().await, 0);
    assert_eq!(
        world
            .code(MarkC2cMsgsRead::new(MarkC2cMsgsReadRequired {
                report_account: "nobody".into(),
                peer_account: "lin".into(),
            }))
            .await,
        90008
    );

    let change = ModifyC2cMsg::new(ModifyC2cMsgRequired {
        from_account: "lin".into(),
        to_account: "mei".into(),
        msg_key: key.as_str().into(),
    })
    .with_msg_body(text("changed"));
    world.ok(change.clone().with_cloud_custom_data("{}")).await;
    for (owner, peer) in [("lin", "mei"), ("mei", "lin")] {
        let first = history(owner, peer).await.remove(0);
        assert_eq!(said(&first.msg_body[0]), "changed");
        assert_eq!(first.cloud_custom_data.as_deref(), Some("{}"));
    }
    let mut unknown = change;
    unknown.msg_key = "1_2_3".to_owned();
    assert_eq!(world.code(unknown).await, 20001);

    let recall = RecallC2cMsg::new(RecallC2cMsgRequired {
        from_account: "lin".into(),
        to_account: "mei".into(),
        msg_key: key.as_str().into(),
    });
    world.ok(recall.clone()).await;
    assert_eq!(world.code(recall).await, 20023);
    assert_eq!(
        world
            .code(RecallC2cMsg::new(RecallC2cMsgRequired {
                from_account: "lin".into(),
                to_account: "mei".into(),
                msg_key: "1_2_3".into(),
            }))
            .await,
        20022
    );
    assert_eq!(
        world
            .code(RecallC2cMsg::new(RecallC2cMsgRequired {
                from_account: "lin".into(),
                to_account: "mei".into(),
                msg_key: "nonsense".into(),
            }))
            .await,
        90054
    );
    for (owner, peer) in [("lin", "mei"), ("mei", "lin")] {
        let flags = history(owner, peer).await[0].msg_flag_bits;
        assert_eq!(flags, Some(MsgFlagBits::RECALLED));
    }
}

#[tokio::test]
async fn pairs_are_attached_to_messages() {
    let world = World::new().await;
    let id = world.group(GroupType::PUBLIC, "chess").await;
    let message = SendGroupMsg::new(id.as_str(), text("vote")).with_random(1);
    world.ok(message.with_support_message_extension(true)).await;
    send(&world, &id, 2).await;
    let set = |seq, pairs: Vec<MsgExtension>| {
        SetGroupMsgExtensions::new(id.as_str(), seq, ExtensionOperation::SET)
            .with_extension_list(pairs)
    };
    let pair = |key: &str, value: &str| MsgExtension::new(key).with_value(value);
    let first = world
        .ok(set(
            1,
            vec![pair("yes", "1").with_seq(0_u64), pair("no", "0")],
        ))
        .await;
    let first = first.extension_list.unwrap();
    assert_eq!(
        (first[0].extension.seq, first[1].extension.seq),
        (Some(1), Some(2))
    );
    // Somebody else was first.
    let late = world
        .ok(set(1, vec![pair("yes", "9").with_seq(0_u64)]))
        .await;
    let late = &late.extension_list.unwrap()[0];
    assert_eq!(late.error_code, ErrorCode::EXTENSION_CONFLICT);
    assert_eq!(
        (late.extension.value.as_deref(), late.extension.seq),
        (Some("1"), Some(1))
    );
    world
        .ok(set(1, vec![pair("yes", "2").with_seq(1_u64)]))
        .await;
    let read = world
        .ok(GetGroupMsgExtensions::new(id.as_str(), 1).with_start_seq(3_u64))
        .await;
    assert_eq!((read.extension_list.len(), read.latest_seq), (1, 3));
    let clear = SetGroupMsgExtensions::new(id.as_str(), 1, ExtensionOperation::CLEAR);
    world.ok(clear).await;
    let read = world.ok(GetGroupMsgExtensions::new(id.as_str(), 1)).await;
    assert_eq!((read.extension_list.len(), read.clear_seq), (0, 4));
    assert_eq!(world.code(set(2, vec![pair("a", "b")])).await, 23002);
    assert_eq!(world.code(set(9, vec![pair("a", "b")])).await, 23004);

    let message = SendMsg::new("mei", text("vote"))
        .with_msg_random(1)
        .with_from_account("lin");
    let key = world
        .ok(message.with_support_message_extension(true))
        .await
        .msg_key
        .unwrap();
    let set = SetC2cMsgExtensions::new(SetC2cMsgExtensionsRequired {
        to_account: "mei".into(),
        msg_key: key.as_str().into(),
        operate_type: ExtensionOperation::SET,
    })
    .with_from_account("lin")
    .with_extension_list([pair("yes", "1")]);
    world.ok(set.clone()).await;
    let read = GetC2cMsgExtensions::new(GetC2cMsgExtensionsRequired {
        to_account: "mei".into(),
        msg_key: key.as_str().into(),
    })
    .with_from_account("lin");
    assert_eq!(
        world.ok(read).await.extension_list[0].value.as_deref(),
        Some("1")
    );
    let mut unknown = set;
    unknown.msg_key = "1_2_3".to_owned();
    assert_eq!(world.code(unknown).await, 23004);
}
