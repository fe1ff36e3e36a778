//! Making signatures.

use crate::{
    Clock, Privileges, Room, SecretKey, SignError, SystemClock, UserSig, Userbuf, deflate,
    encoding,
    generated::params::{MAX_DOCUMENT_BYTES, MAX_ENCODED_BYTES, VERSION, field},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::{fmt, sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// How the document of a signature is wrapped. The service takes both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Compression {
    /// Compressed, like most official implementations: the shorter text.
    #[default]
    Deflated,
    /// Stored without compression, like the official Go one: the faster way.
    Stored,
}

/// Signs and verifies for one app. Cheap to clone, and shared between threads without a lock.
#[derive(Clone)]
pub struct Signer {
    sdk_app_id: u64,
    /// Keyed once: setting the key costs as much as signing.
    mac: Result<Hmac<Sha256>, SignError>,
    clock: Arc<dyn Clock>,
    compression: Compression,
    pub(crate) leeway: Duration,
}

impl Signer {
    /// How far the clock of a signer may be ahead of ours, unless set otherwise.
    pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

    /// A signer for an app with the app's key.
    pub fn new(sdk_app_id: u64, key: impl Into<SecretKey>) -> Self {
        let key = key.into();
        let mac = if key.is_empty() {
            Err(SignError::EmptyKey)
        } else if key.has_white_space_around() {
            Err(SignError::WhiteSpaceAroundKey)
        } else {
            // HMAC takes keys of any length.
            Hmac::new_from_slice(key.expose().as_bytes()).map_err(|_| SignError::EmptyKey)
        };
        Self {
            sdk_app_id,
            mac,
            clock: Arc::new(SystemClock),
            compression: Compression::default(),
            leeway: Self::DEFAULT_LEEWAY,
        }
    }

    /// Takes the time from another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Wraps documents another way.
    #[must_use]
    pub fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Accepts signatures from clocks that are at most this far ahead.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// The app.
    pub fn sdk_app_id(&self) -> u64 {
        self.sdk_app_id
    }

    /// The time as this signer sees it, in seconds since 1970.
    pub fn now(&self) -> u64 {
        self.clock.unix_seconds()
    }

    /// A signature for a user, valid from now on.
    ///
    /// # Errors
    ///
    /// A key that is empty or has white space around it, an empty user id or one with control characters, less than a second
    /// of validity, a clock that says 1970.
    pub fn sign(&self, user_id: &str, valid_for: Duration) -> Result<UserSig, SignError> {
        self.sign_at(user_id, self.now(), valid_for, None)
    }

    /// A signature that carries bytes of your own.
    ///
    /// # Errors
    ///
    /// As for [`sign`](Self::sign), and a userbuf that makes the document too large.
    pub fn sign_with_userbuf(
        &self,
        user_id: &str,
        valid_for: Duration,
        userbuf: &[u8],
    ) -> Result<UserSig, SignError> {
        self.sign_at(user_id, self.now(), valid_for, Some(userbuf))
    }

    /// A signature that lets a user into a room by number, with rights that end with it.
    ///
    /// # Errors
    ///
    /// As for [`sign`](Self::sign), and what does not fit into a [`Userbuf`].
    pub fn private_map_key(
        &self,
        user_id: &str,
        valid_for: Duration,
        room: u32,
        privileges: Privileges,
    ) -> Result<UserSig, SignError> {
        self.room_key(user_id, valid_for, Room::Number(room), privileges)
    }

    /// A signature that lets a user into a room by name, with rights that end with it. An empty name
    /// means room number 0, as in the official implementations; see [`Userbuf::new`].
    ///
    /// # Errors
    ///
    /// As for [`sign`](Self::sign), and what does not fit into a [`Userbuf`].
    pub fn private_map_key_with_string_room(
        &self,
        user_id: &str,
        valid_for: Duration,
        room: &str,
        privileges: Privileges,
    ) -> Result<UserSig, SignError> {
        self.room_key(user_id, valid_for, Room::Name(room.to_owned()), privileges)
    }

    fn room_key(
        &self,
        user_id: &str,
        valid_for: Duration,
        room: Room,
        privileges: Privileges,
    ) -> Result<UserSig, SignError> {
        let now = self.now();
        let until = now.saturating_add(valid_for.as_secs());
        let userbuf = Userbuf::new(user_id, self.sdk_app_id, room, until, privileges)?.encode()?;
        self.sign_at(user_id, now, valid_for, Some(&userbuf))
    }

    fn sign_at(
        &self,
        user_id: &str,
        now: u64,
        valid_for: Duration,
        userbuf: Option<&[u8]>,
    ) -> Result<UserSig, SignError> {
        let expire = valid_for.as_secs();
        check(user_id, expire)?;
        if now == 0 {
            return Err(SignError::NoClock);
        }
        // Checked before the work; the exact bounds follow below.
        if user_id.len() + userbuf.map_or(0, <[u8]>::len) > MAX_DOCUMENT_BYTES {
            return Err(SignError::TooLarge);
        }
        let userbuf = userbuf.map(|bytes| STANDARD.encode(bytes));
        let mac = self.mac(user_id, self.sdk_app_id, now, expire, userbuf.as_deref())?;
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        // Written by hand, because six of the seven values need no escaping.
        // A text is always written.
        let quoted = serde_json::to_string(user_id).unwrap_or_default();
        let mut json = Zeroizing::new(Vec::with_capacity(
            192 + user_id.len() + userbuf.as_ref().map_or(0, String::len) + signature.len(),
        ));
        let mut put = |parts: &[&str]| {
            for part in parts {
                json.extend_from_slice(part.as_bytes());
            }
        };
        put(&["{\"", field::VERSION, "\":\"", VERSION, "\""]);
        put(&[",\"", field::IDENTIFIER, "\":", &quoted]);
        let mut digits = itoa::Buffer::new();
        for (name, number) in [
            (field::SDK_APP_ID, self.sdk_app_id),
            (field::EXPIRE, expire),
            (field::TIME, now),
        ] {
            put(&[",\"", name, "\":", digits.format(number)]);
        }
        if let Some(userbuf) = &userbuf {
            put(&[",\"", field::USERBUF, "\":\"", userbuf, "\""]);
        }
        put(&[",\"", field::SIGNATURE, "\":\"", &signature, "\"}"]);
        if json.len() > MAX_DOCUMENT_BYTES {
            return Err(SignError::TooLarge);
        }
        let packed = Zeroizing::new(match self.compression {
            Compression::Deflated => deflate::compress(&json),
            Compression::Stored => deflate::store(&json),
        });
        let text = encoding::encode(&packed);
        if text.len() > MAX_ENCODED_BYTES {
            return Err(SignError::TooLarge);
        }
        Ok(text.into())
    }

    /// The MAC over the lines that are signed.
    pub(crate) fn mac(
        &self,
        user_id: &str,
        sdk_app_id: u64,
        time: u64,
        expire: u64,
        userbuf: Option<&str>,
    ) -> Result<Hmac<Sha256>, SignError> {
        let mut mac = self.mac.clone()?;
        let put = |bytes: &[u8]| mac.update(bytes);
        signed_lines(put, user_id, sdk_app_id, time, expire, userbuf);
        Ok(mac)
    }
}

/// What holds of every signature: nothing else is signed, and nothing else is accepted.
pub(crate) fn check(user_id: &str, expire: u64) -> Result<(), SignError> {
    if user_id.is_empty() {
        return Err(SignError::EmptyUserId);
    }
    if user_id.contains(char::is_control) {
        return Err(SignError::ControlCharacter);
    }
    if expire == 0 {
        return Err(SignError::NoValidity);
    }
    Ok(())
}

/// Writes the lines that are signed.
pub(crate) fn signed_lines(
    mut put: impl FnMut(&[u8]),
    user_id: &str,
    sdk_app_id: u64,
    time: u64,
    expire: u64,
    userbuf: Option<&str>,
) {
    let mut line = |name: &str, value: &str| {
        put(name.as_bytes());
        put(b":");
        put(value.as_bytes());
        put(b"\n");
    };
    line(field::IDENTIFIER, user_id);
    let mut digits = itoa::Buffer::new();
    line(field::SDK_APP_ID, digits.format(sdk_app_id));
    line(field::TIME, digits.format(time));
    line(field::EXPIRE, digits.format(expire));
    if let Some(userbuf) = userbuf {
        line(field::USERBUF, userbuf);
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("key", &"[redacted]")
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
