//! Generates, verifies and parses UserSig v2, the password with which users and administrators of
//! a Tencent Cloud Chat (or TRTC) app identify themselves.
//!
//! ```
//! use std::time::Duration;
//! use tencent_chat_usersig::{SecretKey, Signer};
//!
//! let signer = Signer::new(1400000000, SecretKey::new("the key from the console"));
//! let sig = signer.sign("lin", Duration::from_secs(86_400))?;
//! let claims = signer.verify(sig.expose())?;
//! assert_eq!(claims.user_id, "lin");
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! A signature is a JSON document with an HMAC-SHA256 over its fields, compressed with zlib and
//! written in a base64 that fits into a URL. Users of TRTC rooms get a [private map
//! key](Signer::private_map_key): a signature that also carries a [`Userbuf`] with a room and rights.
//!
//! # What this crate takes care of
//!
//! * The key and signatures never print: `Debug` is redacted, there is no `Display`, and their
//!   memory is wiped on drop. No error holds either of them.
//! * Verification compares in constant time, after bounding the text and what it inflates to.
//! * Signatures from the future are refused, with a small leeway for clocks that differ.
//! * Lengths in a userbuf count bytes, not characters.
//! * A user id cannot smuggle further lines into the text that is signed.
//! * [`Claims::fingerprint`] is the same for all texts of a signature, so that a block list holds.
//!
//! Facts are those of the vendor's page 34385 and of the official implementations.

mod clock;
mod deflate;
mod encoding;
mod error;
#[rustfmt::skip] // the generator formats its output itself
mod generated;
mod secret;
mod sign;
mod userbuf;
mod verify;

pub use clock::{Clock, FixedClock, SystemClock};
pub use error::{SecretKeyError, SignError, UserbufError, VerifyError};
pub use generated::params::{MAX_DOCUMENT_BYTES, MAX_ENCODED_BYTES};
pub use secret::{SecretKey, UserSig};
pub use sign::{Compression, Signer};
pub use userbuf::{Privileges, Room, Userbuf};
pub use verify::{Claims, Fingerprint, UnverifiedClaims, parse};

/// The examples of the README are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
