//! Compares the spec with the vendor's own list of commands, and the simulator with the spec.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::BTreeSet, path::Path};
use tencent_chat_simulator::Simulator;
use tencent_chat_types::{ENDPOINTS, webhook::WEBHOOKS};
use xtask::coverage::{Part, catalogue};

fn rows() -> Vec<(Part, String)> {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let rows = catalogue(&spec).unwrap().rows;
    rows.into_iter()
        .map(|row| (row.part, row.command))
        .collect()
}

/// Wrong paths are the most common mistake in SDKs for this API.
#[test]
fn every_path_is_one_of_the_vendors() {
    let rows = rows();
    assert_eq!(
        rows.iter()
            .filter(|(part, _)| *part == Part::Navigation)
            .count(),
        107
    );
    let listed: BTreeSet<&str> = rows.iter().map(|(_, command)| command.as_str()).collect();
    assert_eq!(
        listed.len(),
        rows.len(),
        "a command stands twice in the catalogue"
    );
    let here: BTreeSet<&str> = ENDPOINTS.iter().map(|meta| meta.path).collect();
    assert_eq!(here.len(), ENDPOINTS.len(), "two endpoints share a path");
    assert_eq!(here, listed);
}

#[test]
fn every_webhook_is_one_of_the_vendors() {
    let spec = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec");
    let rows = catalogue(&spec).unwrap().webhooks;
    let navigation = rows.iter().filter(|row| row.part == Part::Navigation);
    assert_eq!(navigation.count(), 36);
    let listed: BTreeSet<&str> = rows.iter().map(|row| row.command.as_str()).collect();
    assert_eq!(
        listed.len(),
        rows.len(),
        "a webhook stands twice in the catalogue"
    );
    let here: BTreeSet<&str> = WEBHOOKS.iter().map(|meta| meta.command).collect();
    assert_eq!(here.len(), WEBHOOKS.len(), "two event types share a name");
    assert_eq!(here, listed);
}

#[test]
fn the_simulator_knows_every_command() {
    let simulated: BTreeSet<&str> = Simulator::behaviours()
        .iter()
        .map(|(path, _)| *path)
        .collect();
    let here: BTreeSet<&str> = ENDPOINTS.iter().map(|meta| meta.path).collect();
    assert_eq!(simulated, here);
}
