//! Signatures of the official Python and Node implementations hold for us.
//!
//! `tests/usersig-vectors/regenerate.sh` makes them anew and checks the other direction.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use std::time::Duration;
use tencent_chat_usersig::{FixedClock, Privileges, Room, Signer, Userbuf, VerifyError};

const NOW: u64 = 1_700_000_000;
const DAY: Duration = Duration::from_secs(86_400);
const KEY: &str = "a throw-away key for test vectors only";

fn signer(now: u64) -> Signer {
    Signer::new(1_400_000_000, KEY).with_clock(FixedClock::new(now))
}

fn vectors() -> Vec<Value> {
    let text = include_str!("official_vectors.jsonl");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
        .collect()
}

#[test]
fn official_signatures_hold() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 32);
    for vector in vectors {
        let sig = vector["sig"].as_str().unwrap();
        let claims = signer(NOW + 1)
            .verify(sig)
            .unwrap_or_else(|e| panic!("{vector}: {e}"));
        assert_eq!(claims.user_id, vector["user"]);
        assert_eq!((claims.issued_at, claims.valid_for), (NOW, 86_400));
        let userbuf = claims.userbuf.clone();
        match (&vector["userbuf"], &vector["room"]) {
            (Value::String(hex), _) => assert_eq!(userbuf, Some(unhex(hex))),
            (_, Value::Null) => assert_eq!(userbuf, None),
            (_, room) => {
                let userbuf = Userbuf::decode(&userbuf.unwrap()).unwrap();
                // For a room without a name, Python and Node write different layouts.
                let node = vector["by"] == "node";
                let room = match room {
                    Value::String(name) if name.is_empty() && !node => Room::Number(0),
                    Value::String(name) => Room::Name(name.clone()),
                    number => Room::Number(number.as_u64().unwrap().try_into().unwrap()),
                };
                assert_eq!((userbuf.account.as_str(), &userbuf.room), ("lin", &room));
                assert_eq!(
                    userbuf.privileges,
                    Privileges(vector["privileges"].as_u64().unwrap() as u32)
                );
                assert_eq!(u64::from(userbuf.expires_at), NOW + 86_400);
                // Byte for byte what we would write.
                assert_eq!(
                    Some(userbuf.encode().unwrap()),
                    claims.userbuf.clone(),
                    "{vector}"
                );
                let privileges = userbuf.privileges;
                let asked = match &vector["room"] {
                    Value::String(name) => {
                        signer(NOW).private_map_key_with_string_room("lin", DAY, name, privileges)
                    }
                    _ => signer(NOW).private_map_key(
                        "lin",
                        DAY,
                        vector["room"].as_u64().unwrap().try_into().unwrap(),
                        privileges,
                    ),
                };
                let ours = signer(NOW).verify(asked.unwrap().expose()).unwrap();
                if node && vector["room"] == "" {
                    assert_eq!(ours.userbuf.unwrap()[0], 0);
                } else {
                    assert_eq!(ours, claims, "{vector}");
                }
            }
        }
    }
}

/// Six of the seven official implementations (C++, C#, Go, Java, PHP, Python) write the layout of room
/// numbers; Node writes an empty name.
#[test]
fn an_empty_room_name_is_written_as_the_official_implementations_write_it() {
    let key = signer(NOW).private_map_key_with_string_room("lin", DAY, "", Privileges::ALL);
    let ours = signer(NOW).verify(key.unwrap().expose()).unwrap();
    let theirs = (vectors().into_iter())
        .find(|vector| vector["by"] == "python source" && vector["room"] == "")
        .unwrap();
    let theirs = signer(NOW).verify(theirs["sig"].as_str().unwrap()).unwrap();
    assert_eq!(ours, theirs);
    assert_eq!(ours.userbuf.as_ref().unwrap()[0], 0);
    let read = Userbuf::decode(&ours.userbuf.unwrap()).unwrap();
    assert_eq!(read.room, Room::Number(0));
    let made = Userbuf::new(
        "lin",
        1_400_000_000,
        Room::Name(String::new()),
        NOW + 86_400,
        Privileges::ALL,
    );
    assert_eq!(made.unwrap(), read);
}

#[test]
fn official_signatures_stop_holding() {
    for vector in vectors() {
        let sig = vector["sig"].as_str().unwrap();
        assert_eq!(
            signer(NOW + 86_400).verify(sig),
            Err(VerifyError::Expired { at: NOW + 86_400 })
        );
        assert_eq!(
            signer(NOW - 61).verify(sig),
            Err(VerifyError::NotYetValid { from: NOW })
        );
        assert!(signer(NOW - 60).verify(sig).is_ok());
        let other_app = Signer::new(1_400_000_001, KEY).with_clock(FixedClock::new(NOW));
        assert_eq!(
            other_app.verify(sig),
            Err(VerifyError::WrongApp {
                found: 1_400_000_000
            })
        );
        let other_key = Signer::new(1_400_000_000, "another key").with_clock(FixedClock::new(NOW));
        assert_eq!(other_key.verify(sig), Err(VerifyError::SignatureMismatch));
    }
}
