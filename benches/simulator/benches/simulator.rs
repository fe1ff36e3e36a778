//! The simulator with a client next to it: requests a second over HTTP, with few and with many stored messages.
//! Each simulator has a thread of its own, and the client another. Those that send messages add to them: the
//! small simulator holds some thousands more at the end. With `--growth`, 1,000 to 1,000,000 messages.

use std::{error::Error, sync::Arc};
use tencent_chat_benches::{Contender, Goal, Harness, loopback::spread};
use tencent_chat_client::{Client, SecretKey};
use tencent_chat_simulator::{BlockingSimulator, Simulator};
use tencent_chat_types::{
    account::ImportAccounts,
    message::{GetC2cHistory, GetC2cHistoryRequired, SendMsg},
    model::TextElem,
};
use tokio::runtime::{Builder, Runtime};

const APP: u64 = 1_400_000_000;
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const TEXT: &str = "Dinner at seven? The usual place by the harbour.";
const IN_FLIGHT: u64 = 64;
/// Conversations, over which the messages are spread.
const CHATS: u64 = 100;
const PAGE: u64 = 20;

type Work = fn(&Runtime, &Arc<World>, u64);

/// A simulator with messages, and a client of it.
struct World {
    client: Client,
    _simulator: BlockingSimulator,
}

fn user(chat: u64, side: &str) -> String {
    format!("{side}-{}", chat % CHATS)
}

fn sent_by(chat: u64) -> SendMsg {
    SendMsg::new(user(chat, "b"), [TextElem::new(TEXT)]).with_from_account(user(chat, "a"))
}

impl World {
    fn new(runtime: &Runtime, messages: u64) -> Result<Self, Box<dyn Error>> {
        let simulator = Simulator::builder(APP, KEY)
            .message_memory(usize::MAX)
            .start_blocking()?;
        let client = Client::builder(APP, "administrator", SecretKey::new(KEY))
            .base_url(simulator.base_url())
            .unlimited()
            .build()?;
        let users = (0..CHATS).flat_map(|chat| [user(chat, "a"), user(chat, "b")]);
        runtime
            .block_on(client.batch(ImportAccounts::new(users)).into_future())
            .all_done()?;
        simulator.block_on(async {
            for number in 0..messages {
                let (from, to) = (user(number, "a"), user(number, "b"));
                simulator.send_as(&from, &to, [TextElem::new(TEXT)]).await?;
            }
            Ok::<_, Box<dyn Error>>(())
        })?;
        Ok(Self {
            client,
            _simulator: simulator,
        })
    }
}

#[allow(
    clippy::unwrap_used,
    reason = "a call that fails makes the figures void"
)]
fn read(runtime: &Runtime, world: &Arc<World>, count: u64) {
    runtime.block_on(spread(count, IN_FLIGHT, |share| {
        let world = Arc::clone(world);
        async move {
            for number in 0..share {
                let history = GetC2cHistory::new(GetC2cHistoryRequired {
                    operator_account: user(number, "a"),
                    peer_account: user(number, "b"),
                    max_cnt: PAGE,
                    min_time: 0,
                    max_time: u64::from(u32::MAX),
                });
                let page = world.client.send(history).await.unwrap();
                assert!(!page.msg_list.is_empty());
            }
        }
    }));
}

#[allow(
    clippy::unwrap_used,
    reason = "a call that fails makes the figures void"
)]
fn send(runtime: &Runtime, world: &Arc<World>, count: u64) {
    runtime.block_on(spread(count, IN_FLIGHT, |share| {
        let world = Arc::clone(world);
        async move {
            for number in 0..share {
                world.client.send(sent_by(number)).await.unwrap();
            }
        }
    }));
}

fn growth(harness: &Harness, runtime: &Runtime) -> Result<(), Box<dyn Error>> {
    let most = if harness.measures() { 1_000_000 } else { 1_000 };
    let sizes = [1_000, 10_000, 100_000, 300_000, 1_000_000].map(|size: u64| size.min(most));
    let worlds = sizes.map(|size| World::new(runtime, size).map(Arc::new));
    let worlds = worlds.into_iter().collect::<Result<Vec<_>, _>>()?;
    for (title, work) in [
        ("simulator, pages read", read as Work),
        ("simulator, messages sent", send),
    ] {
        let mut worlds = worlds.iter();
        harness.grow(title, &sizes, |_| {
            let world = worlds.next();
            Box::new(move |count| {
                world
                    .into_iter()
                    .for_each(|world| work(runtime, world, count))
            })
        });
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args().rounds(51);
    let runtime = Builder::new_current_thread().enable_all().build()?;
    if harness.is_growth() {
        return growth(&harness, &runtime);
    }
    let (few, many) = if harness.measures() {
        (10_000, 1_000_000)
    } else {
        (1_000, 10_000)
    };
    let few = Arc::new(World::new(&runtime, few)?);
    let many = Arc::new(World::new(&runtime, many)?);
    for (title, work, few_goals, many_goals) in [
        (
            "Simulator, pages of 20 messages read, calls in flight: 64",
            read as Work,
            &[][..],
            &[Goal::Speed(0.9)][..],
        ),
        (
            "Simulator, messages sent, calls in flight: 64",
            send,
            &[Goal::Rate(20_000.0)],
            &[Goal::Rate(20_000.0), Goal::Speed(0.9)],
        ),
    ] {
        harness.compare(
            title,
            &mut [
                Contender {
                    name: "10,000 messages stored",
                    goals: few_goals,
                    work: &mut |count| work(&runtime, &few, count),
                },
                Contender {
                    name: "1,000,000 messages stored",
                    goals: many_goals,
                    work: &mut |count| work(&runtime, &many, count),
                },
            ],
        );
    }
    Ok(())
}
