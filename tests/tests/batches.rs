//! Any number of items: split, sent concurrently, and reassembled with the outcome of each, in the order of the
//! items; nothing is lost, whatever breaks.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    future::{self, Future},
    path::Path,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_client::{
    BatchOutcome, Client, ErrorKind, ItemResult, Observer, PartOutcome, RetryPolicy, Sent, Tried,
};
use tencent_chat_simulator::Fault;
use tencent_chat_tests::world::{APP, NOW, USERS, World, text};
use tencent_chat_types::{
    BATCHED, Batched, BatchedVisitor, Endpoint, ErrorCode, ErrorRepeat,
    account::{
        CheckAccounts, DeleteAccounts, ImportAccounts, QueryOnlineStatus,
        check_accounts::AccountStatus, import_accounts::AccountImport,
    },
    conversation::{
        MarkContact, SearchContactGroup,
        mark_contact::{ContactMark, MarkOperation},
    },
    group::{
        AddGroupMembers, DeleteGroupMembers, GetGroupMemberRoles, MarkLiveGroupMembers,
        get_group_member_roles::UserRole,
        mark_live_group_members::{MarkCommand, MarkedMember},
    },
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsgToMany},
    model::{AccountId, Contact, ContactType, GroupType, MemberAccount, MemberRole, ProfileTag},
    profile::GetProfiles,
    visit_batched,
};
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{Barrier, oneshot},
};
use xtask::codegen::load;

/// User ids in a row.
fn users(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("u{number}")).collect()
}

/// A world with this many more users.
async fn world_with(count: usize) -> World {
    let world = World::new().await;
    let outcome = world
        .client
        .batch(ImportAccounts::new(users(count)))
        .await
        .into_result();
    assert_eq!(outcome.unwrap().len(), count);
    world
}

/// Calls of a command that the simulator has seen.
fn calls<E: Endpoint>(world: &World) -> usize {
    let journal = world.simulator.journal();
    let path = E::META.path;
    journal.iter().filter(|entry| entry.path == path).count()
}

/// The outcome of each item in short form, with the length of each run.
fn runs<E: Batched>(outcome: &BatchOutcome<E>) -> Vec<(String, usize)> {
    let mut runs: Vec<(String, usize)> = Vec::new();
    for (_, outcome) in outcome.iter() {
        let short = match outcome.result() {
            ItemResult::CallFailed(error) => match error.code() {
                Some(code) => format!("call failed: {}", code.0),
                None => format!("call failed: {:?}", error.kind()),
            },
            ItemResult::Failed { code, .. } => match code {
                Some(code) => format!("failed: {}", code.0),
                None => "failed".to_owned(),
            },
            other => format!("{other:?}"),
        };
        match runs.last_mut() {
            Some((last, count)) if *last == short => *count += 1,
            _ => runs.push((short, 1)),
        }
    }
    runs
}

fn run(what: &str, count: usize) -> (String, usize) {
    (what.to_owned(), count)
}

#[tokio::test]
async fn a_list_with_a_result_for_each() {
    let world = world_with(600).await;
    let asked = users(1_234);
    let request = CheckAccounts::new(asked.iter().map(AccountId::new));
    let outcome = world.client.batch(request).await;
    assert!(outcome.is_complete());
    assert_eq!(calls::<CheckAccounts>(&world), 13);
    assert_eq!(outcome.replies().count(), 13);
    assert_eq!(outcome.len(), 1_234);
    for (number, (item, outcome)) in outcome.iter().enumerate() {
        assert_eq!(item.user_id, asked[number]);
        let entry = outcome.entry().unwrap();
        assert_eq!(entry.user_id, asked[number]);
        let known = number < 600;
        assert_eq!(
            entry.account_status == Some(AccountStatus::IMPORTED),
            known,
            "{number}"
        );
    }

    // Some fail in the middle, with code and text.
    let request = DeleteAccounts::new(asked[550..].iter().map(AccountId::new));
    let outcome = world.client.batch(request).await;
    assert_eq!(runs(&outcome), [run("Done", 50), run("failed: 70107", 634)]);
    let Some(ItemResult::Failed { entry, code, info }) =
        outcome.outcome(50).map(|outcome| outcome.result())
    else {
        panic!("{:?}", outcome.outcome(50));
    };
    assert_eq!(entry.unwrap().user_id, "u600");
    assert_eq!(code, Some(ErrorCode::ACCOUNT_NOT_FOUND));
    assert!(!info.unwrap().is_empty());
    assert!(outcome.outcome(683).is_some() && outcome.outcome(684).is_none());
    assert_eq!(outcome.succeeded().count(), 50);
    // Asking again does not create users that do not exist.
    assert!(outcome.retry_request().is_none());
    let error = outcome.into_result().unwrap_err();
    let message = error.to_string();
    assert!(message.contains("634 of 684 items failed"), "{message}");
    assert!(message.contains("70107"), "{message}");
    assert_eq!(error.into_outcome().failed_items().count(), 634);
}

#[tokio::test]
async fn a_list_of_those_that_failed() {
    let world = World::new().await;
    let long = "x".repeat(33);
    let mut names = users(1_050);
    for number in (0..1_050).step_by(50) {
        names[number].clone_from(&long);
    }
    let outcome = world.client.batch(ImportAccounts::new(&names)).await;
    assert_eq!(calls::<ImportAccounts>(&world), 11 + 1);
    assert_eq!(named(outcome.items()), names);
    for (number, (_, outcome)) in outcome.iter().enumerate() {
        assert_eq!(outcome.is_done(), number % 50 != 0, "{number}");
    }
    // No code says that it would be futile, and it does no harm.
    let again = outcome.retry_request().unwrap();
    assert_eq!(
        named(again.account_list.as_deref().unwrap()),
        vec![long; 21]
    );
}

#[tokio::test]
async fn a_list_of_failures_with_codes_beside_results() {
    let world = world_with(1_000).await;
    let asked = users(1_100);
    let outcome = world.client.batch(QueryOnlineStatus::new(&asked)).await;
    // The last part names no existing user, which fails the call.
    let expected = [run("Done", 1_000), run("call failed: 70107", 100)];
    assert_eq!(runs(&outcome), expected);
    let mut swapped = asked.clone();
    swapped.swap(100, 1_050);
    let outcome = world.client.batch(QueryOnlineStatus::new(&swapped)).await;
    let expected = [
        run("Done", 100),
        run("failed: 70107", 1),
        run("Done", 899),
        run("failed: 70107", 50),
        run("Done", 1),
        run("failed: 70107", 49),
    ];
    assert_eq!(runs(&outcome), expected);
    for (user, entry) in outcome.succeeded() {
        assert_eq!(&entry.unwrap().to_account, user);
    }

    let request = GetProfiles::new(&swapped, [ProfileTag::NICK]);
    let outcome = world.client.batch(request).await;
    assert_eq!(outcome.replies().count(), 11);
    assert_eq!(outcome.failed().count(), 100);
    assert!(!outcome.outcome(100).unwrap().is_done());
    for (user, outcome) in outcome.iter() {
        assert_eq!(&outcome.entry().unwrap().to_account, user);
    }
}

#[tokio::test]
async fn members_of_a_group() {
    let world = world_with(1_000).await;
    world.group(GroupType::PUBLIC, "chess").await;
    let mut names = users(1_001);
    names.swap(450, 1_000);
    // By a field that says that it failed.
    let members = names.iter().map(MemberAccount::new);
    let outcome = world
        .client
        .batch(AddGroupMembers::new("chess", members))
        .await;
    assert_eq!(calls::<AddGroupMembers>(&world), 4);
    let expected = [run("Done", 450), run("failed", 1), run("Done", 550)];
    assert_eq!(runs(&outcome), expected);
    assert_eq!(
        outcome.failed_items().next().unwrap().member_account,
        "u1000"
    );

    let outcome = world
        .client
        .batch(GetGroupMemberRoles::new("chess", &names))
        .await;
    assert!(outcome.is_complete());
    for (number, (_, entry)) in outcome.succeeded().enumerate() {
        let entry = entry.unwrap();
        assert_eq!(entry.member_account, names[number]);
        assert_eq!(entry.role == MemberRole::NOT_MEMBER, number == 450);
    }

    // Nothing is listed.
    let outcome = world
        .client
        .batch(DeleteGroupMembers::new("chess", &names))
        .await;
    assert!(outcome.is_complete());
    assert_eq!(outcome.replies().count(), 11);
    let left = world
        .client
        .batch(GetGroupMemberRoles::new("chess", &names))
        .await;
    let gone =
        |(_, entry): &(&String, Option<&UserRole>)| entry.unwrap().role == MemberRole::NOT_MEMBER;
    assert_eq!(left.succeeded().filter(gone).count(), 1_001);
}

#[tokio::test]
async fn who_is_not_listed_failed() {
    let world = World::new().await;
    let live = world.live_group().await;
    let mut names = users(1_002);
    names[3] = "mei".to_owned();
    names[499] = "ada".to_owned();
    let marked = names.iter().map(|name| MarkedMember::new(name, [1_001]));
    let request = MarkLiveGroupMembers::new(live, MarkCommand::SET, marked);
    let outcome = world.client.batch(request).await;
    let done: Vec<&str> = outcome
        .succeeded()
        .map(|(item, _)| item.member_account.as_str())
        .collect();
    assert_eq!(done, ["mei", "ada"]);
    // The other parts name no existing user, which fails the calls.
    let expected = [
        run("failed", 3),
        run("Done", 1),
        run("failed", 495),
        run("Done", 1),
        run("call failed: 10004", 502),
    ];
    assert_eq!(runs(&outcome), expected);
}

#[tokio::test]
async fn items_that_several_fields_name() {
    let world = world_with(1_100).await;
    let names = users(1_100);
    let mark = |name: &String| {
        let contact = Contact::new(ContactType::C2C).with_to_account(name);
        ContactMark::new(MarkOperation::STANDARD, contact).with_set_mark([1])
    };
    let request = MarkContact::new("lin", names.iter().map(mark));
    let outcome = world.client.batch(request).concurrency(1).await;
    // A user has at most a thousand marks.
    let expected = [run("Done", 1_000), run("failed: 51008", 100)];
    assert_eq!(runs(&outcome), expected);
    for (item, outcome) in outcome.iter() {
        let entry = outcome.entry().unwrap();
        assert_eq!(entry.contact_item.to_account, item.contact_item.to_account);
    }

    // Unlisted items have nothing to report.
    let contact = |name: &String| Contact::new(ContactType::C2C).with_to_account(name);
    let request = SearchContactGroup::new("lin", names.iter().map(contact));
    let outcome = world.client.batch(request).await;
    assert!(outcome.is_complete());
    assert_eq!(outcome.replies().count(), 4);
    for (number, (item, entry)) in outcome.succeeded().enumerate() {
        assert_eq!(entry.is_some(), number < 1_000, "{number}");
        let found = entry.and_then(|entry| entry.to_account.as_ref());
        assert!(found.is_none() || found == item.to_account.as_ref());
    }
}

#[tokio::test]
async fn nothing_and_fewer_than_one_call_takes() {
    let world = World::new().await;
    let before = world.simulator.journal().len();
    let outcome = world.client.batch(ImportAccounts::new([""; 0])).await;
    assert!(outcome.is_empty() && outcome.is_complete());
    assert_eq!((outcome.parts().count(), outcome.iter().count()), (0, 0));
    assert_eq!(world.simulator.journal().len(), before);

    let request = ImportAccounts::new(users(7));
    let outcome = world.client.batch(request).part_size(3).await;
    let ranges: Vec<_> = outcome.parts().map(|(range, _)| range).collect();
    assert_eq!(ranges, [0..3, 3..6, 6..7]);
    let request = ImportAccounts::new(users(150));
    let outcome = world.client.batch(request).part_size(usize::MAX).await;
    assert_eq!(outcome.into_replies().len(), 2);
}

#[tokio::test]
async fn an_item_that_is_named_twice_has_two_places() {
    let world = world_with(60).await;
    let twice: Vec<String> = [users(60), users(60), vec!["nobody".to_owned()]].concat();
    let request = DeleteAccounts::new(twice.iter().map(AccountId::new));
    let outcome = world.client.batch(request).concurrency(1).await;
    // The first call holds the forty repeated names, and deletes each user once.
    let expected = [run("Done", 60), run("failed: 70107", 61)];
    assert_eq!(runs(&outcome), expected);
}

/// Both forms are split, and the calls carry what is known of each user.
#[tokio::test]
async fn users_are_imported_by_name_or_with_their_profiles() {
    let world = World::new().await;
    let list = users(150).into_iter().map(|name| {
        let nick = format!("Nick of {name}");
        AccountImport::new(name).with_nick(nick)
    });
    let list: Vec<AccountImport> = list.collect();
    let request = ImportAccounts::from_account_list(list.clone());
    let before = calls::<ImportAccounts>(&world);
    let outcome = world.client.batch(request).await;
    assert_eq!(calls::<ImportAccounts>(&world), before + 2);
    assert_eq!(outcome.items(), list);
    assert!(outcome.into_result().is_ok());
    // Names alone leave the nicknames as they are.
    let outcome = world.client.batch(ImportAccounts::new(users(150))).await;
    assert_eq!(named(outcome.items()), users(150));
    let nick = GetProfiles::new(["u149"], [ProfileTag::NICK]);
    let reply = world.ok(nick).await;
    let shown = format!("{:?}", reply.user_profile_item);
    assert!(shown.contains("Nick of u149"), "{shown}");
}

/// The constructor determines the form; a request with both or neither is refused before sending.
#[tokio::test]
async fn exactly_one_form_is_sent() {
    let world = World::new().await;
    let before = calls::<ImportAccounts>(&world);
    let mut both = ImportAccounts::new(["lin"]);
    both.account_list = Some(vec![AccountImport::new("mei")]);
    let mut none = ImportAccounts::new(["lin"]);
    none.accounts = None;
    for (request, found) in [(both, "not 2"), (none, "not 0")] {
        let error = world.client.send(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let text = error.to_string();
        assert!(
            text.contains("exactly one of Accounts, AccountList"),
            "{text}"
        );
        assert!(text.contains(found), "{text}");
        // The service, if asked anyway, refuses it.
        let error = world.client.call(request).unchecked().await.unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::ACCOUNT_PARAMETER_INVALID));
    }
    assert_eq!(calls::<ImportAccounts>(&world), before + 2);
}

fn named(items: &[AccountImport]) -> Vec<&str> {
    items.iter().map(|item| item.user_id.as_str()).collect()
}

/// Ten parts, two of which fail as a whole, along with items of the others.
async fn broken(world: &World, faults: &[Fault]) -> BatchOutcome<ImportAccounts> {
    let path = ImportAccounts::META.path;
    world
        .simulator
        .inject_at(path, faults.iter().cloned())
        .unwrap();
    let mut names = users(1_000);
    names[555] = "x".repeat(33);
    let outcome = world
        .client
        .batch(ImportAccounts::new(&names))
        .concurrency(1)
        .retry(RetryPolicy::none())
        .await;
    assert_eq!(named(outcome.items()), names);
    assert_eq!(outcome.iter().count(), 1_000);
    outcome
}

#[tokio::test]
async fn parts_that_fail_are_told_item_by_item() {
    let world = World::new().await;
    let faults = [
        Fault::None,
        Fault::Refuse(ErrorCode(60008)),
        Fault::None,
        Fault::ResetAfter,
        Fault::Refuse(ErrorCode(60003)),
    ];
    let outcome = broken(&world, &faults).await;
    let expected = [
        run("Done", 100),
        run("call failed: 60008", 100),
        run("Done", 100),
        run("call failed: Transport", 100),
        run("call failed: 60003", 100),
        run("Done", 55),
        run("failed", 1),
        run("Done", 444),
    ];
    assert_eq!(runs(&outcome), expected);
    let kinds: Vec<_> = outcome.errors().map(|error| error.kind()).collect();
    assert_eq!(
        kinds,
        [ErrorKind::Api, ErrorKind::Transport, ErrorKind::Api]
    );
    for error in outcome.errors() {
        assert_eq!(error.endpoint(), ImportAccounts::META.path);
    }
    let at = |index| outcome.outcome(index).unwrap();
    assert_eq!((at(100).sent(), at(399).sent()), (Sent::Yes, Sent::Maybe));
    assert_eq!(at(499).repeat(), Some(ErrorRepeat::Never));
    assert!(at(399).is_repeat_safe() && at(100).is_repeat_safe());
    let ranges: Vec<_> = outcome
        .parts()
        .filter(|(_, part)| matches!(part, PartOutcome::Failed(_)))
        .map(|(range, _)| range)
        .collect();
    assert_eq!(ranges, [100..200, 300..400, 400..500]);

    // Asking again: without the part that was refused for good.
    let again = outcome.retry_request().unwrap();
    let names = users(1_000);
    let expected: Vec<String> = [&names[100..200], &names[300..400], &["x".repeat(33)]].concat();
    assert_eq!(named(again.account_list.as_deref().unwrap()), expected);
    let outcome = world.client.batch(again).await;
    assert_eq!(outcome.failed().count(), 1);
}

#[tokio::test]
async fn nothing_is_lost_among_calls_side_by_side() {
    let world = World::new().await;
    let faults = [
        Fault::Refuse(ErrorCode(91000)),
        Fault::Truncated,
        Fault::None,
        Fault::ResetBefore,
        Fault::EmptyBody,
        Fault::Delay(Duration::from_millis(20)),
        Fault::WrongTypes,
    ];
    world
        .simulator
        .inject_at(ImportAccounts::META.path, faults)
        .unwrap();
    let names = users(2_000);
    let outcome = world
        .client
        .batch(ImportAccounts::new(&names))
        .concurrency(7)
        .retry(RetryPolicy::none())
        .await;
    assert_eq!(named(outcome.items()), names);
    assert_eq!(outcome.errors().count(), 5);
    assert_eq!(outcome.failed().count(), 500);
    assert_eq!(outcome.succeeded().count(), 1_500);
    let mut end = 0;
    for (range, _) in outcome.parts() {
        assert_eq!(range, end..end + 100);
        end = range.end;
    }
    assert_eq!(end, 2_000);
    // With the client's own policy, the same faults are fixed on the way.
    world
        .simulator
        .inject_at(
            ImportAccounts::META.path,
            [Fault::ResetBefore, Fault::ResetAfter],
        )
        .unwrap();
    let outcome = world.client.batch(ImportAccounts::new(&names)).await;
    assert!(outcome.is_complete(), "{outcome:?}");
}

/// Messages that each of some users has from lin.
async fn messages(world: &World, user: &str) -> u64 {
    let history = GetC2cHistory::new(GetC2cHistoryRequired {
        operator_account: user.into(),
        peer_account: "lin".into(),
        max_cnt: 100,
        min_time: NOW,
        max_time: NOW + 100,
    });
    world.ok(history).await.msg_cnt
}

#[tokio::test]
async fn parts_of_a_message_are_no_doubles_and_repeats_are() {
    let world = world_with(1_000).await;
    let mut to = users(1_000);
    to[20] = "nobody".to_owned();
    // Once more, in another part.
    to.push("u7".to_owned());
    let numbered = SendMsgToMany::new(to.clone(), text("hello"))
        .with_msg_random(77)
        .with_msg_seq(5)
        .with_from_account("lin");
    let mut message = numbered.clone();
    message.msg_seq = None;
    let path = SendMsgToMany::META.path;

    // The second part arrives, but its reply does not.
    world
        .simulator
        .inject_at(path, [Fault::None, Fault::ResetAfter])
        .unwrap();
    let batch = world.client.batch(numbered).concurrency(1);
    let outcome = batch.retry(RetryPolicy::none()).await;
    let expected = [
        run("Done", 20),
        run("failed: 70107", 1),
        run("Done", 479),
        run("call failed: Transport", 500),
        run("Done", 1),
    ];
    assert_eq!(runs(&outcome), expected);
    // With both numbers the service drops the duplicates, so asking again does no harm.
    let again = outcome.retry_request().unwrap();
    assert_eq!(again.to_account, to[500..1_000]);
    assert_eq!((again.msg_random, again.msg_seq), (77, Some(5)));
    assert!(world.client.batch(again).await.is_complete());
    for user in ["u0", "u7", "u499", "u500", "u999"] {
        assert_eq!(messages(&world, user).await, 1, "{user}");
    }

    // Without one of them, nobody knows.
    world
        .simulator
        .inject_at(path, [Fault::None, Fault::ResetAfter])
        .unwrap();
    let batch = world.client.batch(message).concurrency(1);
    let outcome = batch.retry(RetryPolicy::none()).await;
    assert_eq!(outcome.errors().count(), 1);
    assert!(outcome.retry_request().is_none());
    assert_eq!(outcome.failed_items().count(), 501);
}

#[tokio::test]
async fn a_batch_stops_at_a_failure_when_asked_to() {
    let world = World::new().await;
    let path = ImportAccounts::META.path;
    world
        .simulator
        .inject_at(path, [Fault::None, Fault::Refuse(ErrorCode(60003))])
        .unwrap();
    let names = users(1_000);
    let batch = world.client.batch(ImportAccounts::new(&names));
    let outcome = batch.concurrency(1).stop_at_failure().await;
    let expected = [
        run("Done", 100),
        run("call failed: 60003", 100),
        run("NotSent", 800),
    ];
    assert_eq!(runs(&outcome), expected);
    assert_eq!(named(outcome.items()), names);
    assert_eq!(outcome.outcome(999).unwrap().sent(), Sent::No);
    let again = outcome.retry_request().unwrap();
    assert_eq!(named(again.account_list.as_deref().unwrap()), names[200..]);
}

/// Reports when a number of tries are over.
#[derive(Debug)]
struct After {
    left: AtomicUsize,
    signal: Mutex<Option<oneshot::Sender<()>>>,
}

impl Observer for After {
    fn tried(&self, _: &Tried<'_>) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            let signal = self.signal.lock().unwrap().take();
            signal.unwrap().send(()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_batch_stops_on_a_signal() {
    let world = World::new().await;
    let (signal, stop) = oneshot::channel();
    let after = After {
        left: AtomicUsize::new(3),
        signal: Mutex::new(Some(signal)),
    };
    let client = Client::builder(APP, "administrator", "key")
        .clock(world.clock.clone())
        .base_url(world.simulator.base_url())
        .unlimited()
        .observer(Arc::new(after))
        .build()
        .unwrap();
    let names = users(1_000);
    let outcome = client
        .batch(ImportAccounts::new(&names))
        .concurrency(1)
        .until(async { stop.await.unwrap() })
        .await;
    assert_eq!(runs(&outcome), [run("Done", 300), run("NotSent", 700)]);
    let again = outcome.retry_request().unwrap();
    assert_eq!(named(again.account_list.as_deref().unwrap()), names[300..]);

    let outcome = world.client.batch(ImportAccounts::new(&names));
    let outcome = outcome.until(future::ready(())).await;
    assert_eq!(runs(&outcome), [run("NotSent", 1_000)]);
    // That and the users of the world.
    assert_eq!(calls::<ImportAccounts>(&world), 3 + 1);
    assert_eq!(USERS.len(), 4);
}

/// A server that does something with each request, and answers that all is well.
async fn server<F, R>(handle: F) -> Client
where
    F: Fn(String, Vec<u8>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let app = Router::new().fallback(move |request: Request<Body>| {
        let handle = handle.clone();
        async move {
            let path = request.uri().path().trim_start_matches('/').to_owned();
            let body = to_bytes(request.into_body(), 1 << 22).await.unwrap();
            handle(path, body.to_vec()).await;
            r#"{ "ActionStatus": "OK", "ErrorCode": 0, "ErrorInfo": "" }"#
        }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    Client::builder(APP, "administrator", "key")
        .base_url(base)
        .unlimited()
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

#[tokio::test]
async fn as_many_calls_at_once_as_were_allowed_and_no_more() {
    for (allowed, expected) in [(None, 4), (Some(1), 1), (Some(0), 1), (Some(10), 10)] {
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        // Nobody gets an answer until as many have asked as may run at once.
        let all = Arc::new(Barrier::new(expected));
        let (counted, seen) = (Arc::clone(&now), Arc::clone(&most));
        let client = server(move |_, _| {
            let (now, most, all) = (Arc::clone(&counted), Arc::clone(&seen), Arc::clone(&all));
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                all.wait().await;
                now.fetch_sub(1, Ordering::SeqCst);
            }
        });
        let client = client.await;
        let mut batch = client.batch(ImportAccounts::new(users(2_000)));
        if let Some(allowed) = allowed {
            batch = batch.concurrency(allowed);
        }
        assert!(batch.await.is_complete());
        assert_eq!(most.load(Ordering::SeqCst), expected);
    }
}

#[tokio::test]
async fn commands_that_get_into_their_own_way_run_one_by_one() {
    use tencent_chat_types::relationship::BlockUsers;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, seen) = (Arc::clone(&now), Arc::clone(&most));
    let client = server(move |_, _| {
        let (now, most) = (Arc::clone(&counted), Arc::clone(&seen));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
        }
    });
    let request = BlockUsers::new("lin", users(3_000));
    let outcome = client.await.batch(request).part_size(100).await;
    assert_eq!(outcome.replies().count(), 30);
    assert_eq!(most.load(Ordering::SeqCst), 1);
    // A reply that lacks the list does not prove success.
    assert_eq!(runs(&outcome), [run("Unmentioned", 3_000)]);
}

#[tokio::test]
async fn a_batch_that_is_dropped_leaves_nothing_behind() {
    let arrived = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&arrived);
    let client = server(move |path, _| {
        let seen = Arc::clone(&seen);
        async move {
            if path == ImportAccounts::META.path {
                seen.fetch_add(1, Ordering::SeqCst);
                future::pending::<()>().await;
            }
        }
    });
    let client = client.await;
    let other = CheckAccounts::new(["lin"].map(AccountId::new));
    client.send(&other).await.unwrap();
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let batch = client
        .batch(ImportAccounts::new(users(1_000)))
        .concurrency(3);
    tokio::select! {
        outcome = batch.into_future() => panic!("{outcome:?}"),
        () = async {
            while arrived.load(Ordering::SeqCst) < 3 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    // The connections close, which takes a moment on both sides.
    for _ in 0..1_000 {
        if tasks() <= before {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(tasks() <= before, "{} tasks, {before} before", tasks());
    client.send(&other).await.unwrap();
    assert_eq!(arrived.load(Ordering::SeqCst), 3);
}

/// A command that can be split, with one of its sample requests.
struct Split {
    path: String,
    /// Wire name of the list.
    list: String,
    /// The maximum number of items, according to the spec.
    max: usize,
    request: Value,
}

fn batched() -> Vec<Split> {
    let spec = load::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec"));
    let spec = spec.unwrap_or_else(|errors| panic!("{}", errors.render()));
    let mut found = Vec::new();
    for endpoint in &spec.endpoints {
        let file = &endpoint.file;
        let Some(batch) = &file.batch else { continue };
        let list = &batch.items.value;
        let field = file.request.get(list).unwrap();
        let max = field
            .max_items
            .or(batch.at_most.as_ref().map(|at| at.value));
        let mut requests = file.samples.iter().filter_map(|sample| {
            let request: Value = serde_json::from_str(sample.request.as_ref()?).unwrap();
            request.get(list).is_some().then_some(request)
        });
        found.push(Split {
            path: file.path.value.clone(),
            list: list.clone(),
            max: usize::try_from(max.unwrap()).unwrap(),
            request: requests
                .next()
                .unwrap_or_else(|| panic!("{}: no sample with {list}", endpoint.name)),
        });
    }
    found
}

/// An item like the sample's, with a number of its own.
fn numbered(item: &Value, number: usize) -> Value {
    match item {
        Value::String(_) => json!(number.to_string()),
        Value::Number(_) => json!(number),
        Value::Object(object) => {
            let mut object = object.clone();
            object.insert("Number".to_owned(), json!(number));
            Value::Object(object)
        }
        other => panic!("{other}"),
    }
}

fn number_of(item: &Value) -> usize {
    let number = item.get("Number").unwrap_or(item);
    let text = number
        .as_str()
        .map_or_else(|| number.to_string(), str::to_owned);
    text.parse().unwrap()
}

struct Check<'a> {
    client: &'a Client,
    split: &'a Split,
    /// This many tenths of what one call takes.
    tenths: usize,
    more: usize,
    concurrency: usize,
    seen: &'a Mutex<BTreeMap<String, Vec<Value>>>,
}

impl<'a> BatchedVisitor for Check<'a> {
    type Output = Pin<Box<dyn Future<Output = ()> + 'a>>;
    fn visit<E: Batched + PartialEq + std::fmt::Debug>(self) -> Self::Output {
        let Split {
            path,
            list,
            max,
            request,
        } = self.split;
        assert_eq!(E::MAX, *max, "{path}");
        let count = max * self.tenths / 10 + self.more;
        let items: Vec<Value> = (0..count)
            .map(|number| numbered(&request[list][0], number))
            .collect();
        let mut whole = request.clone();
        whole[list] = json!(items);
        let request: E = serde_json::from_value(whole.clone()).unwrap();
        Box::pin(async move {
            let mut batch = self.client.batch(request.clone());
            batch = batch.concurrency(self.concurrency);
            let outcome = batch.await;
            assert_eq!(outcome.errors().count(), 0, "{outcome:?}");
            assert_eq!((outcome.len(), outcome.iter().count()), (count, count));
            let mut again = request.clone();
            assert_eq!(
                format!("{:?}", again.take_items()),
                format!("{:?}", outcome.items())
            );

            let mut parts = self.seen.lock().unwrap().remove(path).unwrap_or_default();
            assert_eq!(parts.len(), count.div_ceil(*max), "{path}");
            parts.sort_by_key(|part| number_of(&part[list][0]));
            let mut sent = Vec::new();
            for mut part in parts {
                let items = part[list].take();
                let items = items.as_array().unwrap();
                assert!((1..=*max).contains(&items.len()), "{path}: {}", items.len());
                sent.extend(items.iter().cloned());
                // Everything else is in every part.
                let mut rest = whole.clone();
                rest[list].take();
                assert_eq!(part, rest, "{path}");
            }
            assert_eq!(sent, items, "{path}");
        })
    }
}

#[test]
fn the_catalogue_knows_what_can_be_split() {
    let paths: Vec<String> = BATCHED.iter().map(|meta| meta.path.to_owned()).collect();
    let spec: Vec<String> = batched().into_iter().map(|split| split.path).collect();
    assert_eq!(spec.len(), 61);
    let sorted = |mut paths: Vec<String>| {
        paths.sort();
        paths
    };
    assert_eq!(sorted(paths), sorted(spec));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parts_are_the_whole_and_none_is_too_large(
        tenths in 0_usize..25,
        more in 0_usize..3,
        concurrency in 1_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let seen: Arc<Mutex<BTreeMap<String, Vec<Value>>>> = Arc::default();
            let log = Arc::clone(&seen);
            let client = server(move |path, body| {
                let body = serde_json::from_slice(&body).unwrap();
                log.lock().unwrap().entry(path).or_default().push(body);
                future::ready(())
            });
            let client = client.await;
            for split in &batched() {
                let (client, seen) = (&client, &*seen);
                let check = Check { client, split, tenths, more, concurrency, seen };
                visit_batched(&split.path, check).unwrap().await;
            }
        });
    }
}
