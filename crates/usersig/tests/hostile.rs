//! Every way in which a signature can be wrong has its error; nothing panics, nothing prints a
//! secret.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use flate2::{Compression as Level, write::ZlibEncoder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use std::{collections::HashSet, io::Write as _, time::Duration};
use tencent_chat_usersig::{
    Compression, FixedClock, MAX_DOCUMENT_BYTES, MAX_ENCODED_BYTES, Privileges, SecretKey,
    SecretKeyError, SignError, Signer, VerifyError, parse,
};

const DAY: Duration = Duration::from_secs(86_400);

fn signer() -> Signer {
    Signer::new(1_400_000_000, "top-secret-key").with_clock(FixedClock::new(1_700_000_000))
}

fn wrap(document: &[u8]) -> String {
    let mut zlib = ZlibEncoder::new(Vec::new(), Level::best());
    zlib.write_all(document).unwrap();
    STANDARD
        .encode(zlib.finish().unwrap())
        .replace('+', "*")
        .replace('/', "-")
        .replace('=', "_")
}

/// As on a platform without a clock: what is signed at 1970 is valid for nobody.
#[test]
fn nothing_is_signed_without_a_clock() {
    let signer = signer().with_clock(FixedClock::new(0));
    assert_eq!(signer.sign("lin", DAY).unwrap_err(), SignError::NoClock);
    let room = signer.private_map_key("lin", DAY, 1, Privileges::ALL);
    assert_eq!(room.unwrap_err(), SignError::NoClock);
}

#[test]
fn each_mistake_has_its_error() {
    let field = |field| VerifyError::BadField { field };
    let document = r#"{"TLS.ver":"2.0","TLS.identifier":"lin","TLS.sdkappid":1400000000,"TLS.expire":86400,"TLS.time":1700000000,"TLS.sig":"AAAA"}"#;
    let without = |name: &str| document.replace(&format!("\"{name}\""), "\"x\"");
    for (sig, error) in [
        (
            "x".repeat(MAX_ENCODED_BYTES + 1),
            VerifyError::TooLarge {
                limit: MAX_ENCODED_BYTES,
            },
        ),
        (
            wrap(&vec![b' '; MAX_DOCUMENT_BYTES + 1]),
            VerifyError::TooLarge {
                limit: MAX_DOCUMENT_BYTES,
            },
        ),
        ("!".to_owned(), VerifyError::BadBase64),
        ("AAA=".to_owned(), VerifyError::BadBase64),
        (String::new(), VerifyError::BadZlib),
        ("AAAA".to_owned(), VerifyError::BadZlib),
        (wrap(b"not json"), VerifyError::BadJson),
        (wrap(b"[1]"), VerifyError::BadJson),
        (wrap(b"\xff"), VerifyError::BadJson),
        (wrap("[".repeat(100_000).as_bytes()), VerifyError::BadJson),
        (wrap(b"{}"), field("TLS.ver")),
        (
            wrap(without("TLS.identifier").as_bytes()),
            field("TLS.identifier"),
        ),
        (
            wrap(without("TLS.sdkappid").as_bytes()),
            field("TLS.sdkappid"),
        ),
        (wrap(without("TLS.time").as_bytes()), field("TLS.time")),
        (wrap(without("TLS.expire").as_bytes()), field("TLS.expire")),
        (wrap(without("TLS.sig").as_bytes()), field("TLS.sig")),
        (
            wrap(document.replace("AAAA", "not base64").as_bytes()),
            field("TLS.sig"),
        ),
        (
            wrap(document.replace("86400", "-1").as_bytes()),
            field("TLS.expire"),
        ),
        (
            wrap(document.replace("\"lin\"", "7").as_bytes()),
            field("TLS.identifier"),
        ),
        (
            wrap(document.replace("lin", "lin\\nTLS.sdkappid:1").as_bytes()),
            field("TLS.identifier"),
        ),
        (
            wrap(document.replace("2.0", "3.0").as_bytes()),
            VerifyError::UnknownVersion,
        ),
        (
            wrap(document.replace("1400000000", "1").as_bytes()),
            VerifyError::WrongApp { found: 1 },
        ),
        (wrap(document.as_bytes()), VerifyError::SignatureMismatch),
    ] {
        assert_eq!(
            signer().verify(&sig),
            Err(error),
            "{}",
            &sig[..sig.len().min(80)]
        );
    }
    let sig = signer().sign("lin", DAY).unwrap();
    assert_eq!(
        signer().verify_for(sig.expose(), "mei"),
        Err(VerifyError::WrongUser)
    );
    assert!(signer().verify_for(sig.expose(), "lin").is_ok());
}

#[test]
fn a_document_that_was_changed_does_not_hold() {
    let sig = signer().sign_with_userbuf("lin", DAY, b"abc").unwrap();
    let plain = sig
        .expose()
        .replace('*', "+")
        .replace('-', "/")
        .replace('_', "=");
    let mut document = Vec::new();
    std::io::copy(
        &mut flate2::read::ZlibDecoder::new(&*STANDARD.decode(plain).unwrap()),
        &mut document,
    )
    .unwrap();
    let document = String::from_utf8(document).unwrap();
    for (from, to) in [
        ("\"lin\"", "\"mei\""),
        ("86400", "86401"),
        ("1700000000", "1700000001"),
        ("\"YWJj\"", "\"YWJk\""),
        (",\"TLS.userbuf\":\"YWJj\"", ""),
    ] {
        let changed = document.replace(from, to);
        assert_ne!(changed, document);
        assert_eq!(
            signer().verify(&wrap(changed.as_bytes())),
            Err(VerifyError::SignatureMismatch),
            "{from}"
        );
    }
    // Spacing, order and further keys are the signer's own business.
    let spaced = format!(
        "{}\n",
        document
            .replace(',', " ,\n\"x\": {\"y\": []}, ")
            .replace("\"x\": {\"y\": []}, \"x\"", "\"x\"")
    );
    assert!(signer().verify(&wrap(spaced.as_bytes())).is_ok());
}

/// A document that another program signs with the app's key, whatever our rules are.
fn sign_by_hand(user: &str, time: u64, expire: u64, userbuf: Option<&str>) -> serde_json::Value {
    let mut lines = format!(
        "TLS.identifier:{user}\nTLS.sdkappid:1400000000\nTLS.time:{time}\nTLS.expire:{expire}\n"
    );
    let mut document = serde_json::json!({
        "TLS.ver": "2.0", "TLS.identifier": user, "TLS.sdkappid": 1_400_000_000,
        "TLS.expire": expire, "TLS.time": time,
    });
    if let Some(userbuf) = userbuf {
        lines += &format!("TLS.userbuf:{userbuf}\n");
        document["TLS.userbuf"] = userbuf.into();
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(b"top-secret-key").unwrap();
    mac.update(lines.as_bytes());
    document["TLS.sig"] = STANDARD.encode(mac.finalize().into_bytes()).into();
    document
}

#[test]
fn verify_refuses_what_sign_refuses() {
    const NOW: u64 = 1_700_000_000;
    let field = |field| Err(VerifyError::BadField { field });
    let verify = |user: &str, time, expire| {
        let document = sign_by_hand(user, time, expire, None).to_string();
        let unverified = parse(&wrap(document.as_bytes())).map(drop);
        let verified = signer().verify(&wrap(document.as_bytes())).map(drop);
        assert_eq!(unverified, verified, "{document}");
        verified
    };
    assert_eq!(verify("lin", NOW, 86_400), Ok(()));
    for (user, expire, place) in [
        ("", 86_400, "TLS.identifier"),
        ("a\nTLS.sdkappid:1", 86_400, "TLS.identifier"),
        ("a\u{85}b", 86_400, "TLS.identifier"),
        ("\0", 86_400, "TLS.identifier"),
        ("lin", 0, "TLS.expire"),
    ] {
        let valid_for = Duration::from_secs(expire);
        assert!(signer().sign(user, valid_for).is_err(), "{user:?} {expire}");
        // Also one from a clock that is a little ahead, which nothing else would stop.
        for time in [NOW, NOW + 30] {
            assert_eq!(verify(user, time, expire), field(place), "{user:?}");
        }
    }
}

#[test]
fn every_text_of_a_signature_has_one_fingerprint() {
    let document = sign_by_hand("林 \"x\"", 1_700_000_000, 86_400, Some("YWJj"));
    let plain = document.to_string();
    let mut keyed = document.clone();
    keyed["x"] = serde_json::json!({ "y": [1] });
    let mut backwards: Vec<String> = (document.as_object().unwrap().iter())
        .map(|(key, value)| format!("{}:{value}", serde_json::json!(key)))
        .collect();
    backwards.reverse();
    let escaped: String = plain
        .chars()
        .fold(String::new(), |text, c| match c.is_ascii() {
            true => text + &c.to_string(),
            false => text + &format!("\\u{:04x}", u32::from(c)),
        });
    let written = [
        plain.clone(),
        format!("\n {plain} \t"),
        serde_json::to_string_pretty(&document).unwrap(),
        keyed.to_string(),
        format!("{{{}}}", backwards.join(",")),
        escaped,
    ];
    let mut texts = HashSet::new();
    for document in &written {
        for level in [Level::none(), Level::fast(), Level::best()] {
            let mut zlib = ZlibEncoder::new(Vec::new(), level);
            zlib.write_all(document.as_bytes()).unwrap();
            let base64 = STANDARD.encode(zlib.finish().unwrap());
            texts.insert(base64.replace('+', "*").replace('/', "-").replace('=', "_"));
        }
    }
    assert!(texts.len() >= 15, "{}", texts.len());
    let prints: HashSet<_> = (texts.iter())
        .map(|text| {
            let print = signer().verify(text).unwrap().fingerprint();
            assert_eq!(parse(text).unwrap().peek().fingerprint(), print);
            print
        })
        .collect();
    assert_eq!(prints.len(), 1);

    // It is what anybody can compute of the lines that are signed.
    let lines = "TLS.identifier:林 \"x\"\nTLS.sdkappid:1400000000\nTLS.time:1700000000\nTLS.expire:86400\nTLS.userbuf:YWJj\n";
    let digest: [u8; 32] = Sha256::digest(lines.as_bytes()).into();
    let print = prints.into_iter().next().unwrap();
    assert_eq!(print.as_bytes(), &digest);
    assert_eq!(print.to_string().len(), 64);
    assert_eq!(
        print.to_string()[..4],
        format!("{:02x}{:02x}", digest[0], digest[1])
    );
}

#[test]
fn other_signatures_have_other_fingerprints() {
    let documents = [
        sign_by_hand("lin", 1_700_000_000, 86_400, None),
        sign_by_hand("mei", 1_700_000_000, 86_400, None),
        sign_by_hand("lin", 1_700_000_001, 86_400, None),
        sign_by_hand("lin", 1_700_000_000, 86_401, None),
        sign_by_hand("lin", 1_700_000_000, 86_400, Some("")),
        sign_by_hand("lin", 1_700_000_000, 86_400, Some("YWJj")),
    ];
    let prints = documents.iter().map(|document| {
        let sig = wrap(document.to_string().as_bytes());
        signer().verify(&sig).unwrap().fingerprint()
    });
    assert_eq!(prints.collect::<HashSet<_>>().len(), documents.len());
}

#[test]
fn times_do_not_overflow() {
    let forever = signer().sign("lin", Duration::MAX).unwrap();
    assert_eq!(
        signer().verify(forever.expose()).unwrap().expires_at(),
        u64::MAX
    );
}

#[test]
fn bad_input_is_refused_before_it_is_signed() {
    let error = |signer: &Signer, user: &str, valid_for| signer.sign(user, valid_for).unwrap_err();
    assert_eq!(error(&signer(), "", DAY), SignError::EmptyUserId);
    assert_eq!(
        error(&signer(), "a\nTLS.sdkappid:1", DAY),
        SignError::ControlCharacter
    );
    assert_eq!(
        error(&signer(), "lin", Duration::from_millis(999)),
        SignError::NoValidity
    );
    assert_eq!(
        error(&signer(), &"x".repeat(MAX_DOCUMENT_BYTES), DAY),
        SignError::TooLarge
    );
    assert_eq!(error(&Signer::new(1, ""), "lin", DAY), SignError::EmptyKey);
    assert_eq!(
        SecretKey::from_env("A_VARIABLE_THAT_NOBODY_SETS").unwrap_err(),
        SecretKeyError::NotSet {
            variable: "A_VARIABLE_THAT_NOBODY_SETS".to_owned()
        }
    );
    let big = vec![0xff; 150_000];
    let kept = signer()
        .with_compression(Compression::Stored)
        .sign_with_userbuf("lin", DAY, &big);
    assert_eq!(kept.unwrap_err(), SignError::TooLarge);
}

#[test]
fn secrets_do_not_print() {
    let sig = signer().sign("lin", DAY).unwrap();
    let shown = format!(
        "{:?} {:?} {:?} {:#?}",
        SecretKey::new("top-secret-key"),
        sig,
        signer(),
        signer()
    );
    assert!(
        !shown.contains("top-secret-key") && !shown.contains(sig.expose()),
        "{shown}"
    );
    for error in [
        signer().verify(&sig.expose()[1..]).unwrap_err(),
        Signer::new(1, "x").verify(sig.expose()).unwrap_err(),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(&sig.expose()[..20]), "{shown}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_holds(
        user in "[^\\p{Cc}]{1,40}", seconds in 1..u64::from(u32::MAX), userbuf in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..300)), stored: bool,
    ) {
        let signer = signer().with_compression(if stored { Compression::Stored } else { Compression::Deflated });
        let valid_for = Duration::from_secs(seconds);
        let sig = match &userbuf {
            Some(userbuf) => signer.sign_with_userbuf(&user, valid_for, userbuf),
            None => signer.sign(&user, valid_for),
        }.unwrap();
        prop_assert!(sig.expose().chars().all(|c| c.is_ascii_alphanumeric() || "*-_".contains(c)));
        let claims = signer.verify(sig.expose()).unwrap();
        prop_assert_eq!((&claims.user_id, claims.valid_for, &claims.userbuf), (&user, seconds, &userbuf));
        let unverified = parse(sig.expose()).unwrap();
        prop_assert_eq!(unverified.peek(), &claims);
    }

    #[test]
    fn room_keys_hold(user in "[a-z]{1,10}", room in "[^\\p{Cc}]{0,20}", number: u32, bits: u32) {
        let signer = signer();
        for sig in [
            signer.private_map_key(&user, DAY, number, Privileges(bits)),
            signer.private_map_key_with_string_room(&user, DAY, &room, Privileges(bits)),
        ] {
            prop_assert!(signer.verify_for(sig.unwrap().expose(), &user).is_ok());
        }
    }

    #[test]
    fn no_text_panics(sig in "\\PC{0,300}") {
        prop_assert!(signer().verify(&sig).is_err());
    }

    #[test]
    fn no_document_panics(document in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(signer().verify(&wrap(&document)).is_err());
    }

    #[test]
    fn a_changed_character_is_noticed(at: prop::sample::Index, to in "[A-Za-z0-9*-]") {
        let sig = signer().sign("lin", DAY).unwrap();
        let mut changed = sig.expose().to_owned();
        let at = at.index(changed.trim_end_matches('_').len() - 1);
        changed.replace_range(at..=at, &to);
        prop_assume!(changed != sig.expose());
        // The first two bytes are the stream's header, in which some other values are as valid.
        if let Ok(claims) = signer().verify(&changed) {
            prop_assert_eq!(claims, signer().verify(sig.expose()).unwrap());
        }
    }
}

/// Copied with the end of its line, a key signs what the service refuses.
#[test]
fn a_key_with_white_space_around_it_signs_nothing() {
    for key in ["key\n", " key", "key\r\n"] {
        let signed = Signer::new(1, key).sign("lin", Duration::from_secs(60));
        assert_eq!(signed.unwrap_err(), SignError::WhiteSpaceAroundKey);
    }
}

/// A key comes from a configuration file too; what stands there by mistake may be one.
#[test]
fn a_key_is_read_and_never_shown() {
    let key: SecretKey = serde_json::from_str(r#""top-\u0073ecret""#).unwrap();
    assert_eq!(key.expose(), "top-secret");
    assert_eq!(format!("{key:?}"), "SecretKey([redacted])");
    for wrong in [
        "90210271828",
        "-90210271828",
        "9021.0271",
        "true",
        "null",
        "[\"90210271828\"]",
        "{\"90210\":1}",
    ] {
        let error = serde_json::from_str::<SecretKey>(wrong).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains("string") && !said.contains("9021"), "{said}");
    }
}
