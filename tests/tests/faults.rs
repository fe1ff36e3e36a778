//! Faults and the client's reaction to them: each row is a fault, a kind of command, the tries, the result, and
//! how often the simulator acted. Nothing is done twice, nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;
use tencent_chat_client::{Client, ClientBuilder, Error, ErrorKind, RetryPolicy};
use tencent_chat_simulator::{Fault, Odd, Simulator, Unreachable};
use tencent_chat_tests::world::{APP, NOW, World, text};
use tencent_chat_types::{
    Endpoint, ErrorCode,
    account::ImportAccounts,
    group::{CreateGroup, GetGroupInfo, ListGroups, ModifyGroup},
    message::{GetC2cHistory, GetC2cHistoryRequired, SendGroupMsg, SendMsg},
    misfits,
    model::GroupType,
};
use tencent_chat_usersig::FixedClock;

/// How repeatable a command is.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Changes nothing.
    Read,
    /// A second run changes nothing.
    Idempotent,
    /// The service drops duplicates, and the request has all the numbers for that.
    Deduplicated,
    /// The service drops duplicates, but the request lacks one of the numbers.
    HalfDeduplicated,
    /// A second run does the work again.
    Unsafe,
}

const KINDS: [Kind; 5] = [
    Kind::Read,
    Kind::Idempotent,
    Kind::Deduplicated,
    Kind::HalfDeduplicated,
    Kind::Unsafe,
];

fn faults() -> Vec<(&'static str, Fault)> {
    let instead = |body: &str| Fault::Instead(body.to_owned());
    let mut odd = Odd::ALL
        .map(|odd| (odd_name(odd), Fault::Odd(odd)))
        .to_vec();
    let gateway = |status, applied| Fault::Gateway { status, applied };
    let mut faults = vec![
        ("none", Fault::None),
        ("delay", Fault::Delay(Duration::from_millis(50))),
        ("no answer in time", Fault::Silence),
        ("reset before", Fault::ResetBefore),
        ("reset after", Fault::ResetAfter),
        ("truncated", Fault::Truncated),
        ("502 before", gateway(502, false)),
        ("502 after", gateway(502, true)),
        ("404", gateway(404, false)),
        ("empty body", Fault::EmptyBody),
        ("{} instead", instead("{}")),
        (
            "JSON of a gateway",
            instead(r#"{"code":503,"message":"Service Unavailable"}"#),
        ),
        (
            "lower-case code",
            instead(r#"{"errorcode":70009,"ErrorInfo":"bad sig"}"#),
        ),
        ("wrong types", Fault::WrongTypes),
        ("unknown fields", Fault::Unknown),
        ("drip", Fault::Drip(Duration::from_millis(1))),
        ("duplicate", Fault::Duplicate),
        ("60007 rate", Fault::Refuse(ErrorCode(60007))),
        ("60011 rate", Fault::Refuse(ErrorCode(60011))),
        ("60018 rate", Fault::Refuse(ErrorCode(60018))),
        ("60019 rate", Fault::Refuse(ErrorCode(60019))),
        ("70001 stale sig", Fault::Refuse(ErrorCode(70001))),
        ("70003 stale sig", Fault::Refuse(ErrorCode(70003))),
        ("60008 timeout", Fault::Refuse(ErrorCode(60008))),
        ("60003 bad request", Fault::Refuse(ErrorCode(60003))),
        ("91000 server", Fault::Refuse(ErrorCode(91000))),
        ("1234 unknown", Fault::Refuse(ErrorCode(1234))),
    ];
    faults.append(&mut odd);
    faults
}

const fn odd_name(odd: Odd) -> &'static str {
    match odd {
        Odd::Bom => "byte order mark",
        Odd::HalfEmoji => "half emoji",
        Odd::Cesu8 => "CESU-8",
        Odd::Gbk => "GBK",
        Odd::EmptyNumber => "\"\" for 1",
        Odd::Fraction => "1.0 for 1",
        Odd::LeadingZeros => "\"001\" for 1",
        Odd::TrueNumber => "true for 1",
        Odd::ObjectForText => "object for text",
        Odd::ObjectForList => "object for list",
        Odd::EntryForList => "entry for list",
        Odd::TextForList => "text for list",
        Odd::NullInList => "null in list",
        _ => "another",
    }
}

/// How many values of the reply did not fit.
async fn outcome<E: Endpoint>(client: &Client, request: E) -> Result<usize, Error> {
    let reply = client.send(&request).await?;
    Ok(misfits(&reply).unwrap().len())
}

/// Calls a command of a kind once; the returned closure counts its effects afterwards.
async fn act(client: &Client, kind: Kind) -> Result<usize, Error> {
    let message = || {
        SendMsg::new("mei", text("once"))
            .with_msg_random(77)
            .with_from_account("lin")
    };
    match kind {
        Kind::Read => outcome(client, GetGroupInfo::new(["chess"])).await,
        Kind::Idempotent => outcome(client, ModifyGroup::new("chess").with_name("New")).await,
        Kind::Deduplicated => outcome(client, message().with_msg_seq(5)).await,
        Kind::HalfDeduplicated => {
            let mut message = message();
            message.msg_seq = None;
            outcome(client, message).await
        }
        Kind::Unsafe => outcome(client, CreateGroup::new(GroupType::PUBLIC, "new")).await,
    }
}

const fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Read => GetGroupInfo::META.path,
        Kind::Idempotent => ModifyGroup::META.path,
        Kind::Deduplicated | Kind::HalfDeduplicated => SendMsg::META.path,
        Kind::Unsafe => CreateGroup::META.path,
    }
}

/// How often the command had its effect: none for a read.
async fn effects(world: &World, kind: Kind) -> u64 {
    match kind {
        Kind::Read => 0,
        Kind::Idempotent => {
            let info = world.ok(GetGroupInfo::new(["chess"])).await;
            u64::from(info.group_info[0].name.as_deref() == Some("New"))
        }
        Kind::Deduplicated | Kind::HalfDeduplicated => {
            let history = GetC2cHistory::new(GetC2cHistoryRequired {
                operator_account: "mei".into(),
                peer_account: "lin".into(),
                max_cnt: 100,
                min_time: NOW,
                max_time: NOW + 100,
            });
            world.ok(history).await.msg_cnt
        }
        Kind::Unsafe => world.ok(ListGroups::new()).await.total_count - 1,
    }
}

/// For an answer that comes, however busy the machine is.
const PATIENT: Duration = Duration::from_secs(30);

/// For one that never comes.
const HASTY: Duration = Duration::from_secs(1);

fn hasty(world: &World) -> Client {
    hasty_builder(world).build().unwrap()
}

fn hasty_builder(world: &World) -> ClientBuilder {
    let policy = RetryPolicy::new()
        .first_pause(Duration::from_millis(2))
        .quota_pause(Duration::from_millis(2));
    Client::builder(APP, "administrator", "key")
        .clock(world.clock.clone())
        .base_url(world.simulator.base_url())
        .try_timeout(HASTY)
        .deadline(2 * PATIENT)
        .retry(policy)
}

/// The same with another host in front, to which no connection is established within the time of a try.
fn behind(world: &World, down: &Unreachable) -> Client {
    hasty_builder(world)
        .base_url(down.base_url())
        .standby_urls([world.simulator.base_url()])
        .failover()
        .build()
        .unwrap()
}

/// One row of the table, checked.
async fn row(name: &str, fault: Fault, kind: Kind, down: Option<&Unreachable>) -> String {
    let world = World::new().await;
    world.group(GroupType::PUBLIC, "chess").await;
    let client = match down {
        Some(down) => behind(&world, down),
        None if fault == Fault::Silence => hasty(&world),
        None => hasty_builder(&world).try_timeout(PATIENT).build().unwrap(),
    };
    let before = world.simulator.journal().len();
    world
        .simulator
        .inject_at(path(kind), [fault.clone()])
        .unwrap();
    let result = act(&client, kind).await;
    let journal = world.simulator.journal().split_off(before);
    let shown = match &result {
        Ok(0) => "ok".to_owned(),
        Ok(misfits) => format!("ok, misfit {misfits}"),
        Err(error) => match error.code() {
            Some(code) => format!("error {}", code.0),
            None => format!("error {:?}", error.kind()),
        },
    };
    if let Err(error) = &result {
        assert_eq!(error.tries().len(), journal.len(), "{name} {kind:?}");
    }
    let effects = effects(&world, kind).await;
    // Nothing duplicated, unless the network itself did it to a command that cannot tell.
    let network_doubled = fault == Fault::Duplicate && matches!(kind, Kind::Unsafe);
    assert!(
        effects <= 1 || network_doubled,
        "{name} {kind:?} had {effects} effects"
    );
    // Nothing lost: a success has happened.
    if result.is_ok() && !matches!(kind, Kind::Read) {
        assert!(effects >= 1, "{name} {kind:?} succeeded without effect");
    }
    let (kind, tries) = (format!("{kind:?}"), journal.len());
    format!("{name:18}  {kind:16}  {tries:5}  {shown:16}  {effects:7}\n")
}

#[tokio::test]
async fn every_fault_against_every_kind_of_command() {
    let mut table =
        String::from("fault               command           tries  result            effects\n");
    for (name, fault) in faults() {
        let rows = KINDS.map(|kind| tokio::spawn(row(name, fault.clone(), kind, None)));
        for row in rows {
            table.push_str(&row.await.unwrap());
        }
    }
    let down = Unreachable::new().await.unwrap();
    for kind in KINDS {
        table.push_str(&row("host down", Fault::None, kind, Some(&down)).await);
    }
    insta::assert_snapshot!("fault_table", table);
}

#[tokio::test]
async fn the_last_error_tells_of_all_tries() {
    let world = World::new().await;
    let client = hasty(&world);
    let script = [
        Fault::ResetBefore,
        Fault::Refuse(ErrorCode(60007)),
        Fault::Gateway {
            status: 503,
            applied: false,
        },
        Fault::Refuse(ErrorCode(60011)),
    ];
    world.simulator.inject_at("*", script).unwrap();
    let error = client.send(GetGroupInfo::new(["x"])).await.unwrap_err();
    let told: Vec<_> = error
        .tries()
        .iter()
        .map(|failed| (failed.kind, failed.code))
        .collect();
    assert_eq!(
        told,
        [
            (ErrorKind::Transport, None),
            (ErrorKind::Api, Some(ErrorCode(60007))),
            (ErrorKind::Http, None),
            (ErrorKind::Api, Some(ErrorCode(60011))),
        ]
    );
    assert!(
        error.to_string().ends_with("; 4 attempts were made"),
        "{error}"
    );
}

#[tokio::test]
async fn tries_and_pauses_end_with_the_deadline() {
    let world = World::new().await;
    let client = Client::builder(APP, "administrator", "key")
        .clock(world.clock.clone())
        .base_url(world.simulator.base_url())
        .build()
        .unwrap();
    world
        .simulator
        .inject_at("*", vec![Fault::Delay(Duration::from_secs(60)); 8])
        .unwrap();
    let call = client
        .call(GetGroupInfo::new(["x"]))
        .deadline(Duration::from_millis(200));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.tries().len(), 1, "the deadline is that of all tries");
}

#[tokio::test]
async fn a_stale_signature_is_renewed_once() {
    let world = World::new().await;
    let client = hasty(&world);
    let stale = Fault::Refuse(ErrorCode::USER_SIG_EXPIRED);
    world.simulator.inject_at("*", [stale.clone()]).unwrap();
    client.send(GetGroupInfo::new(["x"])).await.unwrap();
    world
        .simulator
        .inject_at("*", [stale.clone(), stale])
        .unwrap();
    let error = client.send(GetGroupInfo::new(["x"])).await.unwrap_err();
    assert_eq!((error.code().unwrap().0, error.tries().len()), (70001, 2));
    assert_eq!(error.clock_ahead(), None, "the clocks agree");
}

/// Signatures from a machine with a wrong clock look expired to the service.
#[tokio::test]
async fn a_wrong_clock_is_found_out() {
    let world = World::new().await;
    let days = 30 * 86_400;
    for (ours, ahead) in [
        (NOW - days, -i64::try_from(days).unwrap()),
        (NOW + days, i64::try_from(days).unwrap()),
    ] {
        let client = Client::builder(APP, "administrator", "key")
            .clock(FixedClock::new(ours))
            .base_url(world.simulator.base_url())
            .build()
            .unwrap();
        let error = client.send(ImportAccounts::new(["x"])).await.unwrap_err();
        assert_eq!(error.clock_ahead(), Some(ahead), "{error}");
        assert!(error.to_string().contains("clock"), "{error}");
    }
}

/// Group messages are identified by `Random` and content.
#[tokio::test]
async fn repeated_group_messages_are_one() {
    let world = World::new().await;
    world.group(GroupType::PUBLIC, "chess").await;
    let client = hasty(&world);
    let path = SendGroupMsg::META.path;
    world
        .simulator
        .inject_at(
            path,
            [Fault::ResetAfter, Fault::Truncated, Fault::EmptyBody],
        )
        .unwrap();
    let sent = client
        .send(SendGroupMsg::new("chess", text("once")).with_random(1))
        .await
        .unwrap();
    assert_eq!(sent.msg_seq, Some(1));
    let applied = world
        .simulator
        .journal()
        .iter()
        .filter(|entry| entry.path == path)
        .count();
    assert_eq!(applied, 4);
    let next = client
        .send(SendGroupMsg::new("chess", text("twice")).with_random(2))
        .await
        .unwrap();
    assert_eq!(next.msg_seq, Some(2));
}

#[tokio::test]
async fn a_simulator_starts_with_no_faults() {
    let simulator = Simulator::builder(APP, "key").start().await.unwrap();
    simulator
        .inject_at("v4/openim/sendmsg", [Fault::ResetBefore])
        .unwrap();
    simulator.clear_faults();
    let client = Client::builder(APP, "administrator", "key")
        .base_url(simulator.base_url())
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    client.send(ListGroups::new()).await.unwrap();
    assert_eq!(simulator.journal()[0].fault, Fault::None);
}
