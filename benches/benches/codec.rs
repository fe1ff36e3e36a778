//! Reading and writing a page of history, 20 messages of mixed elements, with the types of this SDK and with
//! structs that derive serde's traits. Those have the same fields; they neither keep unknown fields nor accept
//! a string for a number. With `--growth`, pages of 1 to 100 messages.

use std::{error::Error, hint::black_box};
use tencent_chat_benches::{Contender, Goal, Harness, derived::History, samples};
use tencent_chat_types::{from_slice, message::GetC2cHistoryReply, to_vec};

#[allow(
    clippy::unwrap_used,
    reason = "a reply that fails makes the figures void"
)]
fn growth(harness: &Harness) {
    let sizes = [1, 2, 5, 10, 20, 50, 100];
    let derived = |size: &u64| serde_json::from_value::<History>(samples::page(*size)).unwrap();
    let ours =
        |size: &u64| serde_json::from_value::<GetC2cHistoryReply>(samples::page(*size)).unwrap();
    let text = |size: &u64| serde_json::to_vec(&derived(size)).unwrap();
    harness.grow("reading, derived", &sizes, |size| {
        let text = text(size);
        Box::new(move |count| {
            for _ in 0..count {
                black_box(serde_json::from_slice::<History>(black_box(&text)).unwrap());
            }
        })
    });
    harness.grow("reading, this SDK", &sizes, |size| {
        let text = text(size);
        Box::new(move |count| {
            for _ in 0..count {
                black_box(from_slice::<GetC2cHistoryReply>(black_box(&text)).unwrap());
            }
        })
    });
    harness.grow("writing, derived", &sizes, |size| {
        let page = derived(size);
        Box::new(move |count| {
            for _ in 0..count {
                black_box(serde_json::to_vec(black_box(&page)).unwrap());
            }
        })
    });
    harness.grow("writing, this SDK", &sizes, |size| {
        let page = ours(size);
        Box::new(move |count| {
            for _ in 0..count {
                black_box(to_vec(black_box(&page)).unwrap());
            }
        })
    });
}

#[allow(
    clippy::unwrap_used,
    reason = "a reply that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    if harness.is_growth() {
        growth(&harness);
        return Ok(());
    }
    let page = samples::page(20);
    let ours: GetC2cHistoryReply = serde_json::from_value(page.clone())?;
    let derived: History = serde_json::from_value(page.clone())?;
    // Both read all of it.
    assert_eq!(serde_json::to_value(&ours)?, page);
    assert_eq!(serde_json::to_value(&derived)?, page);

    // In the order of the documentation, not that of `Value`.
    let text = serde_json::to_vec(&derived)?;
    let mut read_derived = |count: u64| {
        for _ in 0..count {
            black_box(serde_json::from_slice::<History>(black_box(&text)).unwrap());
        }
    };
    let mut read_ours = |count: u64| {
        for _ in 0..count {
            black_box(from_slice::<GetC2cHistoryReply>(black_box(&text)).unwrap());
        }
    };
    harness.compare(
        &format!("Reading a page of history, {} bytes", text.len()),
        &mut [
            Contender {
                name: "derived",
                goals: &[],
                work: &mut read_derived,
            },
            Contender {
                name: "types of this SDK",
                goals: &[Goal::Speed(1.3)],
                work: &mut read_ours,
            },
        ],
    );

    let mut write_derived = |count: u64| {
        for _ in 0..count {
            black_box(serde_json::to_vec(black_box(&derived)).unwrap());
        }
    };
    let mut write_ours = |count: u64| {
        for _ in 0..count {
            black_box(to_vec(black_box(&ours)).unwrap());
        }
    };
    harness.compare(
        "Writing it",
        &mut [
            Contender {
                name: "derived",
                goals: &[],
                work: &mut write_derived,
            },
            Contender {
                name: "types of this SDK",
                goals: &[Goal::Speed(1.2)],
                work: &mut write_ours,
            },
        ],
    );
    Ok(())
}
