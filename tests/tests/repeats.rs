//! What a repeat may do: the decisions of `spec/README.md`, command by command.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_simulator::Fault;
use tencent_chat_tests::world::World;
use tencent_chat_types::{ENDPOINTS, Endpoint, Meta, Repeat, message::MarkC2cMsgsRead};

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

/// Without a time, a message that came between the two runs would be read by nobody.
#[tokio::test]
async fn marking_as_read_is_repeated_with_a_time_only() {
    let world = World::new().await;
    let unbounded = MarkC2cMsgsRead::new("lin", "mei");
    let bounded = unbounded.clone().with_msg_read_time(1_700_000_000_u64);
    assert!(!unbounded.is_repeat_safe());
    assert!(bounded.is_repeat_safe());
    let path = MarkC2cMsgsRead::META.path;
    let faults = &world.simulator;
    faults.inject(path, [Fault::ResetAfter]).unwrap();
    let error = world.client.send(&unbounded).await.unwrap_err();
    assert!(!error.is_repeat_safe());
    assert_eq!(error.tries().len(), 1, "{error}");
    faults.inject(path, [Fault::ResetAfter]).unwrap();
    world.client.send(&bounded).await.unwrap();
}
