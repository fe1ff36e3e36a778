//! The quick start, end to end over HTTP.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_client::Client;
use tencent_chat_simulator::Simulator;
use tencent_chat_tests::story;
use tencent_chat_usersig::FixedClock;

const APP: u64 = 1_400_000_000;

#[tokio::test]
async fn the_quick_start_tells_its_story() {
    let clock = std::sync::Arc::new(FixedClock::new(1_700_000_000));
    let simulator = Simulator::builder(APP, "key")
        .clock(clock.clone())
        .page_size(2)
        .start()
        .await
        .unwrap();
    let client = Client::builder(APP, "administrator", "key")
        .clock(clock)
        .base_url(simulator.base_url())
        .build()
        .unwrap();
    let mut told = String::new();
    story::play(&client, 4_294_967_295, &mut told)
        .await
        .unwrap();
    insta::assert_snapshot!(told);

    let journal = simulator.journal();
    let seen: Vec<String> = journal
        .iter()
        .map(|entry| format!("{} {}", entry.path, entry.code))
        .collect();
    insta::assert_debug_snapshot!(seen);
    let mut randoms: Vec<u32> = journal.iter().filter_map(|entry| entry.random).collect();
    randoms.sort_unstable();
    randoms.dedup();
    assert_eq!(
        randoms.len(),
        journal.len(),
        "every request has a random number of its own"
    );
    simulator.stop().await;
}
