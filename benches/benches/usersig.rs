//! UserSigs per second: compressed, stored and verified, and compared with the two things that bound them: the HMAC that
//! no implementation can avoid, and a new flate2 encoder for each call at its default level, as in a first
//! implementation.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression as Level, write::ZlibEncoder};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{env, error::Error, hint::black_box, io::Write as _, process::Command, time::Duration};
use tencent_chat_benches::{Contender, Goal, Harness};
use tencent_chat_usersig::{Compression, Signer};

const APP: u64 = 1_400_000_000;
const USER: &str = "administrator";
const KEY: &str = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e";
const WEEK: u64 = 7 * 86_400;
/// A setting of glibc: larger blocks come from the system each time, and are not kept when freed. Every process
/// starts like this, and with other allocators it is always so. Setting it here keeps it so.
const THRESHOLD: &str = "MALLOC_MMAP_THRESHOLD_";

fn lines(now: u64) -> String {
    format!("TLS.identifier:{USER}\nTLS.sdkappid:{APP}\nTLS.time:{now}\nTLS.expire:{WEEK}\n")
}

/// Code as written without this SDK: everything anew for each signature.
fn by_hand(
    mac: &Hmac<Sha256>,
    now: u64,
    compress: fn(&[u8]) -> Vec<u8>,
) -> Result<String, Box<dyn Error>> {
    let mut mac = mac.clone();
    mac.update(lines(now).as_bytes());
    let document = serde_json::json!({
        "TLS.ver": "2.0",
        "TLS.identifier": USER,
        "TLS.sdkappid": APP,
        "TLS.expire": WEEK,
        "TLS.time": now,
        "TLS.sig": STANDARD.encode(mac.finalize().into_bytes()),
    });
    let text = STANDARD.encode(compress(document.to_string().as_bytes()));
    Ok(text.replace('+', "*").replace('/', "-").replace('=', "_"))
}

/// flate2 on the backend that this SDK uses, too.
#[allow(clippy::unwrap_used, reason = "writing to memory")]
fn zlib_rs(document: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Level::default());
    encoder.write_all(document).unwrap();
    encoder.finish().unwrap()
}

/// The default backend of flate2.
fn miniz(document: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(document, 6)
}

#[allow(
    clippy::unwrap_used,
    reason = "a signature that fails makes the figures void"
)]
fn against_the_floor(harness: &Harness, mac: &Hmac<Sha256>, stored: &Signer) {
    let validity = Duration::from_secs(WEEK);
    let prepared = lines(stored.now());
    let mut floor = |count: u64| {
        for _ in 0..count {
            let mut mac = black_box(mac).clone();
            mac.update(black_box(prepared.as_bytes()));
            black_box(mac.finalize().into_bytes());
        }
    };
    let mut with_stored = |count: u64| {
        for _ in 0..count {
            black_box(stored.sign(black_box(USER), validity).unwrap());
        }
    };
    harness.compare(
        "UserSig, stored, against the HMAC alone",
        &mut [
            Contender {
                name: "HMAC alone, key prepared",
                goals: &[],
                work: &mut floor,
            },
            Contender {
                name: "stored",
                goals: &[Goal::TimeOrRate(1.2, 1e6)],
                work: &mut with_stored,
            },
        ],
    );
}

#[allow(
    clippy::unwrap_used,
    reason = "a signature that fails makes the figures void"
)]
fn among_each_other(harness: &Harness, deflated: &Signer, stored: &Signer) {
    let validity = Duration::from_secs(WEEK);
    let sign = |signer: &Signer, count: u64| {
        for _ in 0..count {
            black_box(signer.sign(black_box(USER), validity).unwrap());
        }
    };
    let sig = deflated.sign(USER, validity).unwrap();
    let mut verify = |count: u64| {
        for _ in 0..count {
            black_box(deflated.verify(black_box(sig.expose())).unwrap());
        }
    };
    harness.compare(
        "UserSig, compressed, against stored",
        &mut [
            Contender {
                name: "stored",
                goals: &[],
                work: &mut |count| sign(stored, count),
            },
            Contender {
                name: "compressed (default)",
                goals: &[Goal::Speed(0.5)],
                work: &mut |count| sign(deflated, count),
            },
        ],
    );
    harness.compare(
        "UserSig, compressed, verified against signed",
        &mut [
            Contender {
                name: "signed",
                goals: &[],
                work: &mut |count| sign(deflated, count),
            },
            Contender {
                name: "verified",
                goals: &[Goal::Time(2.0)],
                work: &mut verify,
            },
        ],
    );
}

#[allow(
    clippy::unwrap_used,
    reason = "a signature that fails makes the figures void"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let harness = Harness::from_args();
    let fresh_memory = env::var_os(THRESHOLD).is_some();
    let deflated = Signer::new(APP, KEY);
    let stored = deflated.clone().with_compression(Compression::Stored);
    let mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes())?;
    let validity = Duration::from_secs(WEEK);
    // All contenders do the same work.
    for compress in [zlib_rs, miniz] {
        deflated.verify(&by_hand(&mac, deflated.now(), compress)?)?;
    }

    if !fresh_memory {
        against_the_floor(&harness, &mac, &stored);
    }
    let mut with_miniz = |count: u64| {
        for _ in 0..count {
            black_box(by_hand(black_box(&mac), deflated.now(), miniz).unwrap());
        }
    };
    let mut with_zlib_rs = |count: u64| {
        for _ in 0..count {
            black_box(by_hand(black_box(&mac), deflated.now(), zlib_rs).unwrap());
        }
    };
    let mut with_deflated = |count: u64| {
        for _ in 0..count {
            black_box(deflated.sign(black_box(USER), validity).unwrap());
        }
    };
    let (title, goals): (_, &[Goal]) = match fresh_memory {
        false => ("UserSig, compressed, against an encoder for each call", &[]),
        true => (
            "UserSig, compressed, against an encoder for each call that gets its memory from the system",
            &[Goal::Speed(8.0)],
        ),
    };
    harness.compare(
        title,
        &mut [
            Contender {
                name: "fresh zlib-rs, level 6",
                goals: &[],
                work: &mut with_zlib_rs,
            },
            Contender {
                name: "fresh miniz_oxide, level 6",
                goals: &[],
                work: &mut with_miniz,
            },
            Contender {
                name: "compressed (default)",
                goals,
                work: &mut with_deflated,
            },
        ],
    );
    if !fresh_memory {
        // Last: what they allocate decides whether the encoders above find memory that was freed before.
        among_each_other(&harness, &deflated, &stored);
    }
    if cfg!(all(target_os = "linux", target_env = "gnu")) && !fresh_memory {
        let mut again = Command::new(env::current_exe()?);
        again.args(env::args_os().skip(1)).env(THRESHOLD, "131072");
        if !again.status()?.success() {
            return Err("the run with fresh memory failed".into());
        }
    }
    Ok(())
}
