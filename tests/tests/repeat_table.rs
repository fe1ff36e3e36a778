//! May this be sent again? Each row is a request, a fault and a way of sending it. Everything that answers the
//! question is asked: the loop over attempts, the error, the batch's items, the batch's own repeat. The caller
//! believes the answer and sends again, and the simulator counts how often the command had its effect.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use std::time::Duration;
use tencent_chat_client::{BatchOutcome, Client, Error, ItemResult, RetryPolicy};
use tencent_chat_simulator::Fault;
use tencent_chat_tests::world::{NOW, World, text};
use tencent_chat_types::{
    Batched, Endpoint, ErrorCode, ErrorRepeat,
    account::ImportAccounts,
    group::{CreateGroup, GetGroupInfo, ListGroups},
    message::{
        GetC2cHistory, GetC2cHistoryRequired, GetGroupHistory, SendGroupMsg, SendMsg, SendMsgToMany,
    },
    model::GroupType,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Send,
    Call,
    Raw,
    Batch,
}

/// The answers to the question.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    result: String,
    /// The answer of the error or the item; none for a success.
    safe: Option<bool>,
    /// Whether the caller sent it again because of that.
    again: bool,
}

fn faults() -> Vec<(&'static str, Fault)> {
    let status = 502;
    vec![
        ("none", Fault::None),
        ("reset before", Fault::ResetBefore),
        ("reset after", Fault::ResetAfter),
        ("truncated", Fault::Truncated),
        (
            "502 after",
            Fault::Gateway {
                status,
                applied: true,
            },
        ),
        ("{} instead", Fault::Instead("{}".to_owned())),
        ("60007 rate", Fault::Refuse(ErrorCode(60007))),
        ("91000 server", Fault::Refuse(ErrorCode(91000))),
    ]
}

/// A world whose client makes this many tries. Setting up HTTP takes longer than everything else, so it is
/// shared.
async fn world(http: &reqwest::Client, tries: u32) -> World {
    let pause = Duration::from_millis(1);
    let policy = RetryPolicy::new()
        .max_tries(tries)
        .first_pause(pause)
        .quota_pause(pause);
    World::with(|client| client.http_client(http.clone()).retry(policy)).await
}

fn shown(error: Option<&Error>) -> String {
    match error {
        None => "ok".to_owned(),
        Some(error) => match error.code() {
            Some(code) => format!("error {}", code.0),
            None => format!("error {:?}", error.kind()),
        },
    }
}

/// Sends a request, and once more if that is said to be safe and helpful.
async fn one<E: Endpoint + Clone>(client: &Client, request: &E, way: Way) -> Told {
    let send = || async {
        match way {
            Way::Raw => client.send_raw(E::META.path, request).await.map(drop),
            Way::Call => client.call(request.clone()).answer().await.map(drop),
            _ => client.send(request).await.map(drop),
        }
    };
    let result = send().await;
    let error = result.as_ref().err();
    let safe = error.map(Error::is_repeat_safe);
    let again = safe == Some(true) && error.and_then(Error::repeat) == Some(ErrorRepeat::Later);
    if again {
        send().await.unwrap();
    }
    Told {
        result: shown(error),
        safe,
        again,
    }
}

/// The same as a batch of one item.
async fn batch<E: Batched>(client: &Client, request: &E) -> Told {
    let outcome: BatchOutcome<E> = client.batch(request.clone()).await;
    let item = outcome.outcome(0).unwrap();
    let result = match item.result() {
        ItemResult::CallFailed(error) => shown(Some(error)),
        ItemResult::Done(_) => shown(None),
        other => format!("{other:?}"),
    };
    let safe = (!item.is_done()).then(|| item.is_repeat_safe());
    let request = outcome.retry_request();
    assert_eq!(
        request.is_some(),
        safe == Some(true) && item.repeat() != Some(ErrorRepeat::Never),
        "the batch and its items agree"
    );
    let again = request.is_some();
    if let Some(request) = request {
        assert!(client.batch(request).await.is_complete());
    }
    Told {
        result,
        safe,
        again,
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Changes nothing.
    Read,
    /// A second run changes nothing.
    Idempotent,
    /// A message with all the numbers by which the service drops duplicates.
    Message,
    /// One that lacks one of them.
    MessageWithoutSeq,
    /// The same to many users, and to a group, which needs only one number.
    ToMany,
    ToManyWithoutSeq,
    ToGroup,
    /// A second run does the work again.
    Unsafe,
}

const KINDS: [Kind; 8] = [
    Kind::Read,
    Kind::Idempotent,
    Kind::Message,
    Kind::MessageWithoutSeq,
    Kind::ToMany,
    Kind::ToManyWithoutSeq,
    Kind::ToGroup,
    Kind::Unsafe,
];

fn message() -> SendMsg {
    SendMsg::new("mei", text("once"))
        .with_msg_random(77)
        .with_from_account("lin")
}

fn to_many() -> SendMsgToMany {
    SendMsgToMany::new(["mei"], text("once"))
        .with_msg_random(77)
        .with_from_account("lin")
}

/// The path of a kind's command and the answers; none if the combination does not exist.
async fn run(client: &Client, kind: Kind, way: Way) -> Option<(&'static str, Told)> {
    async fn any<E: Endpoint + Clone>(
        client: &Client,
        request: E,
        way: Way,
    ) -> Option<(&'static str, Told)> {
        if way == Way::Batch {
            return None;
        }
        Some((E::META.path, one(client, &request, way).await))
    }
    async fn batched<E: Batched>(
        client: &Client,
        request: E,
        way: Way,
    ) -> Option<(&'static str, Told)> {
        let told = match way {
            Way::Batch => batch(client, &request).await,
            way => one(client, &request, way).await,
        };
        Some((E::META.path, told))
    }
    match kind {
        Kind::Read => batched(client, GetGroupInfo::new(["chess"]), way).await,
        Kind::Idempotent => batched(client, ImportAccounts::new(["new"]), way).await,
        Kind::Message => any(client, message().with_msg_seq(5), way).await,
        Kind::MessageWithoutSeq => {
            let mut message = message();
            message.msg_seq = None;
            any(client, message, way).await
        }
        Kind::ToMany => batched(client, to_many().with_msg_seq(5), way).await,
        Kind::ToManyWithoutSeq => {
            let mut to_many = to_many();
            to_many.msg_seq = None;
            batched(client, to_many, way).await
        }
        Kind::ToGroup => {
            any(
                client,
                SendGroupMsg::new("chess", text("once")).with_random(7),
                way,
            )
            .await
        }
        Kind::Unsafe => any(client, CreateGroup::new(GroupType::PUBLIC, "new"), way).await,
    }
}

/// How often the command had its effect; none if it leaves nothing to count.
async fn effects(world: &World, kind: Kind) -> Option<u64> {
    match kind {
        Kind::Read | Kind::Idempotent => None,
        Kind::Message | Kind::MessageWithoutSeq | Kind::ToMany | Kind::ToManyWithoutSeq => {
            let history = GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: "mei".into(),
                peer_account: "lin".into(),
                max_cnt: 100,
                min_time: NOW,
                max_time: NOW + 100,
            });
            Some(world.ok(history).await.msg_cnt)
        }
        Kind::ToGroup => {
            let history = world.ok(GetGroupHistory::new("chess", 20)).await;
            Some(u64::try_from(history.rsp_msg_list.len()).unwrap())
        }
        Kind::Unsafe => Some(world.ok(ListGroups::new()).await.total_count - 1),
    }
}

async fn row(
    http: reqwest::Client,
    (name, fault): (&str, Fault),
    kind: Kind,
    way: Way,
) -> Option<String> {
    // One try and a caller who repeats by hand, then a client that repeats by itself.
    let mut counted = Vec::new();
    let mut seen = Vec::new();
    for tries in [1, 4] {
        let world = world(&http, tries).await;
        world.group(GroupType::PUBLIC, "chess").await;
        let before = world.simulator.journal().len();
        world.simulator.inject_at("*", [fault.clone()]).unwrap();
        let (path, told) = run(&world.client, kind, way).await?;
        let journal = world.simulator.journal().split_off(before);
        assert!(journal.iter().all(|entry| entry.path == path));
        counted.push(effects(&world, kind).await);
        seen.push((told, journal.len()));
    }
    let [(by_hand, _), (by_itself, tries)] = &seen[..] else {
        unreachable!("two rounds")
    };
    let place = format!("{name}, {kind:?}, {way:?}");
    assert_eq!(
        by_hand.again,
        *tries > 1,
        "{place}: the loop and the error disagree"
    );
    assert!(!by_itself.again || by_itself.result != "ok", "{place}");
    for effects in counted.iter().flatten() {
        assert!(*effects <= 1, "{place}: {effects} effects");
    }
    let (kind, way, result) = (format!("{kind:?}"), format!("{way:?}"), &by_hand.result);
    let safe = match by_hand.safe {
        Some(true) => "yes",
        Some(false) => "no",
        None => "-",
    };
    let effects = counted[0].map_or_else(|| "-".to_owned(), |effects| effects.to_string());
    Some(format!(
        "{name:13} {kind:17} {way:6} {result:16} {safe:5} {tries:5} {effects:>8}\n"
    ))
}

#[tokio::test]
async fn all_who_are_asked_give_the_same_answer_and_whoever_believes_it_duplicates_nothing() {
    let mut table = String::from(
        "fault         request           way    result           safe? tries messages\n",
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for (name, fault) in faults() {
        for kind in KINDS {
            let rows = [Way::Send, Way::Call, Way::Raw, Way::Batch]
                .map(|way| tokio::spawn(row(http.clone(), (name, fault.clone()), kind, way)));
            for row in rows {
                table.extend(row.await.unwrap());
            }
        }
    }
    insta::assert_snapshot!("repeat_table", table);
}

/// A number counts as set when it is sent.
#[test]
fn a_message_may_be_sent_again_when_all_its_numbers_go_out() {
    let complete = json!({"To_Account": "mei", "MsgRandom": 0, "MsgSeq": 0, "MsgBody": []});
    let safe = |json: &Value| {
        let request: SendMsg = serde_json::from_value(json.clone()).unwrap();
        assert_eq!(&serde_json::to_value(&request).unwrap(), json);
        request.is_repeat_safe()
    };
    assert!(safe(&complete));
    for number in ["MsgRandom", "MsgSeq"] {
        let mut without = complete.clone();
        without[number] = Value::Null;
        assert!(!safe(&without), "{number} is null");
        without.as_object_mut().unwrap().remove(number);
        assert!(!safe(&without), "{number} is absent");
        let mut odd = complete.clone();
        odd[number] = json!({ "Seq": 1 });
        let odd = tencent_chat_types::from_slice::<SendMsg>(odd.to_string().as_bytes());
        assert!(!odd.unwrap().is_repeat_safe(), "{number} does not fit");
    }
    let mut request: SendMsg = serde_json::from_value(json!({"MsgSeq": 1})).unwrap();
    assert!(!request.is_repeat_safe());
    request.msg_random = 5;
    assert!(request.is_repeat_safe(), "it has been set since");
}
