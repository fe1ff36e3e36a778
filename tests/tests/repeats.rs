//! What a repeat may do: the decisions of `spec/README.md`, command by command.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_simulator::Fault;
use tencent_chat_tests::world::World;
use tencent_chat_types::{
    ENDPOINTS, Endpoint, EndpointVisitor, Meta, Repeat,
    message::{
        GetC2cHistory, GetC2cHistoryRequired, ImportC2cMsg, ImportC2cMsgRequired, MarkC2cMsgsRead,
        MarkC2cMsgsReadRequired, SendBroadcastMsg, SendGroupMsg, SendMsg, SendMsgToMany,
        import_c2c_msg::ImportMode,
    },
    model::TextElem,
    visit_endpoint,
};

fn meta(path: &str) -> &'static Meta {
    let found = ENDPOINTS.iter().find(|meta| meta.path == path);
    found.unwrap_or_else(|| panic!("no command is called {path}"))
}

#[test]
fn what_takes_hold_of_whatever_is_there_is_not_repeated() {
    for path in [
        "v4/recentcontact/delete",
        "v4/sns/friend_delete_all",
        "v4/group_open_http_svc/clear_group_attr",
        "v4/group_open_http_svc/set_group_attr",
        "v4/group_open_http_svc/set_unread_msg_num",
        "v4/group_open_http_svc/clear_group_msg",
        "v4/group_open_http_svc/delete_group_msg_by_sender",
        "v4/all_member_push/im_remove_all_tags",
        "v4/im_open_login_svc/kick",
    ] {
        assert_eq!(meta(path).repeat, Repeat::Unsafe, "{path}");
    }
}

#[test]
fn each_moderation_is_a_job_of_its_own() {
    for path in [
        "v4/im_msg_audit/content_moderation",
        "v4/im_msg_audit/batch_content_moderation",
    ] {
        assert_eq!(meta(path).repeat, Repeat::Unsafe, "{path}");
    }
}

#[test]
fn whatever_lasts_from_now_on_is_repeated_alike() {
    for path in [
        "v4/group_open_http_svc/forbid_send_msg",
        "v4/group_open_http_svc/ban_group_member",
        "v4/group_open_http_svc/modify_group_member_info",
        "v4/openconfigsvr/setnospeaking",
    ] {
        assert_eq!(meta(path).repeat, Repeat::Idempotent, "{path}");
    }
}

/// Without a time, nobody would have read a message that came between the two runs.
#[tokio::test]
async fn marking_as_read_is_repeated_with_a_time_only() {
    let world = World::new().await;
    let unbounded = MarkC2cMsgsRead::new(MarkC2cMsgsReadRequired {
        report_account: "lin".into(),
        peer_account: "mei".into(),
    });
    let bounded = unbounded.clone().with_msg_read_time(1_700_000_000_u64);
    assert!(!unbounded.is_repeat_safe());
    assert!(bounded.is_repeat_safe());
    let path = MarkC2cMsgsRead::META.path;
    let faults = &world.simulator;
    faults.inject_at(path, [Fault::ResetAfter]).unwrap();
    let error = world.client.send(&unbounded).await.unwrap_err();
    assert!(!error.is_repeat_safe());
    assert_eq!(error.tries().len(), 1, "{error}");
    faults.inject_at(path, [Fault::ResetAfter]).unwrap();
    world.client.send(&bounded).await.unwrap();
}

fn text(words: &str) -> [TextElem; 1] {
    [TextElem::new(words)]
}

/// Nobody has to supply the numbers.
#[test]
fn what_constructors_make_may_be_sent_again() {
    assert!(SendMsg::new("mei", text("hi")).is_repeat_safe());
    assert!(SendMsgToMany::new(["mei"], ["hi".into()]).is_repeat_safe());
    assert!(SendGroupMsg::new("chess", text("hi")).is_repeat_safe());
    assert!(SendBroadcastMsg::new(text("hi")).is_repeat_safe());
    let import = ImportC2cMsg::new(ImportC2cMsgRequired {
        sync_from_old_system: ImportMode::HISTORY,
        from_account: "lin".into(),
        to_account: "mei".into(),
        msg_time_stamp: 1_500_000_000,
        msg_body: text("hi").map(Into::into).into(),
    });
    assert!(import.is_repeat_safe());
    let (first, second) = (
        SendMsg::new("mei", text("hi")),
        SendMsg::new("mei", text("hi")),
    );
    assert_ne!(first.msg_random, second.msg_random);
    assert!(
        first.msg_seq < second.msg_seq,
        "messages of one second keep their order"
    );
    assert_eq!(first.clone().msg_random, first.msg_random);
}

/// Only constructors make numbers: a value absent when read is absent when written.
#[test]
fn decoding_makes_no_numbers() {
    struct Decode;
    impl EndpointVisitor for Decode {
        type Output = (String, bool);
        fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output {
            let request: E = serde_json::from_str("{}").unwrap();
            (
                serde_json::to_string(&request).unwrap(),
                request.is_repeat_safe(),
            )
        }
    }
    let mut compared = 0;
    for meta in ENDPOINTS {
        if let Repeat::DeduplicatedBy(_) = meta.repeat {
            compared += 1;
            assert_eq!(
                visit_endpoint(meta.path, Decode),
                Some(("{}".to_owned(), false))
            );
        }
    }
    assert!(compared >= 9, "{compared}");
}

/// Two processes that know an order by the same name send one message.
#[tokio::test]
async fn an_idempotency_key_makes_the_second_request_a_duplicate() {
    let world = World::new().await;
    let send = async |key: &str| {
        let message = SendMsg::new("mei", text("Shipped")).with_from_account("lin");
        world.ok(message.with_idempotency_key(key)).await;
    };
    let history = async || {
        let history = GetC2cHistory::new(GetC2cHistoryRequired {
            operator_account: "mei".into(),
            peer_account: "lin".into(),
            max_cnt: 100,
            min_time: 1_700_000_000,
            max_time: 1_700_000_999,
        });
        world.ok(history).await.msg_cnt
    };
    send("order-1234-shipped").await;
    world.clock.advance(119);
    send("order-1234-shipped").await;
    assert_eq!(history().await, 1);
    send("order-1235-shipped").await;
    assert_eq!(history().await, 2);
    world.clock.advance(120);
    send("order-1234-shipped").await;
    assert_eq!(history().await, 3, "the service forgets");
}
