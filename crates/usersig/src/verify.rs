//! Reading signatures, and telling whether they hold.

use crate::{
    SignError, Signer, VerifyError, deflate, encoding,
    generated::params::{MAX_DOCUMENT_BYTES, MAX_ENCODED_BYTES, VERSION, field},
    sign,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::Mac;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;

/// What a signature says, after it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claims {
    /// The user.
    pub user_id: String,
    /// The app.
    pub sdk_app_id: u64,
    /// When it was signed, in seconds since 1970.
    pub issued_at: u64,
    /// For how many seconds it is valid.
    pub valid_for: u64,
    /// The bytes that it carries; [`Userbuf::decode`](crate::Userbuf::decode) reads those of a
    /// private map key.
    pub userbuf: Option<Vec<u8>>,
}

impl Claims {
    /// When it ends, in seconds since 1970.
    pub fn expires_at(&self) -> u64 {
        self.issued_at.saturating_add(self.valid_for)
    }

    /// Tells this signature from others: for block lists of signatures that leaked, for counters and
    /// caches. It depends on what is signed and on nothing else. The text of a signature does not
    /// serve for that: whoever has one can write it in other ways (compressed differently, with white
    /// space or further keys), and each of them holds.
    ///
    /// ```
    /// # use std::{collections::HashSet, time::Duration};
    /// # use tencent_chat_usersig::{Compression, Signer};
    /// let signer = Signer::new(1400000000, "the key from the console");
    /// let leaked = signer.sign("lin", Duration::from_secs(86_400))?;
    /// let mut blocked = HashSet::new();
    /// blocked.insert(signer.verify(leaked.expose())?.fingerprint());
    ///
    /// let claims = signer.verify(leaked.expose())?;
    /// assert!(blocked.contains(&claims.fingerprint()));
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// ```
    pub fn fingerprint(&self) -> Fingerprint {
        let userbuf = self.userbuf.as_ref().map(|bytes| STANDARD.encode(bytes));
        let mut digest = Sha256::new();
        sign::signed_lines(
            |bytes| digest.update(bytes),
            &self.user_id,
            self.sdk_app_id,
            self.issued_at,
            self.valid_for,
            userbuf.as_deref(),
        );
        Fingerprint(digest.finalize().into())
    }
}

/// SHA-256 of the lines that a signature signs; see [`Claims::fingerprint`]. `Display` writes it in
/// hexadecimal. It is not a secret: nobody can make a signature of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for Fingerprint {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// What a signature says about itself. Anybody can write that: use it for logs and diagnosis,
/// never to let somebody in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedClaims(Claims);

impl UnverifiedClaims {
    /// The claims, unverified.
    pub fn peek(&self) -> &Claims {
        &self.0
    }
}

/// Reads a signature without a key, and without believing it.
///
/// # Errors
///
/// A string that is not a signature at all.
pub fn parse(sig: &str) -> Result<UnverifiedClaims, VerifyError> {
    Document::read(sig).map(|document| UnverifiedClaims(document.claims))
}

impl Signer {
    /// Verifies a signature of any user of this app.
    ///
    /// Form comes first, then the app, then the signature itself, and the times last: who cannot
    /// sign learns nothing about times that he did not write.
    ///
    /// # Errors
    ///
    /// Every way in which a signature can be wrong.
    pub fn verify(&self, sig: &str) -> Result<Claims, VerifyError> {
        let Document {
            claims,
            userbuf,
            signature,
        } = Document::read(sig)?;
        if claims.sdk_app_id != self.sdk_app_id() {
            return Err(VerifyError::WrongApp {
                found: claims.sdk_app_id,
            });
        }
        let mac = self.mac(
            &claims.user_id,
            claims.sdk_app_id,
            claims.issued_at,
            claims.valid_for,
            userbuf.as_deref(),
        );
        let ours = mac
            .map_err(|_| VerifyError::SignatureMismatch)?
            .finalize()
            .into_bytes();
        if !bool::from(ours.as_slice().ct_eq(&signature)) {
            return Err(VerifyError::SignatureMismatch);
        }
        let now = self.now();
        if claims.issued_at > now.saturating_add(self.leeway.as_secs()) {
            return Err(VerifyError::NotYetValid {
                from: claims.issued_at,
            });
        }
        if now >= claims.expires_at() {
            return Err(VerifyError::Expired {
                at: claims.expires_at(),
            });
        }
        Ok(claims)
    }

    /// Verifies a signature of one user of this app.
    ///
    /// # Errors
    ///
    /// As for [`verify`](Self::verify), and [`VerifyError::WrongUser`].
    pub fn verify_for(&self, sig: &str, user_id: &str) -> Result<Claims, VerifyError> {
        let claims = self.verify(sig)?;
        if claims.user_id == user_id {
            Ok(claims)
        } else {
            Err(VerifyError::WrongUser)
        }
    }
}

/// A signature's document.
struct Document {
    claims: Claims,
    /// As it stands there: this text is signed, not the bytes.
    userbuf: Option<String>,
    signature: Vec<u8>,
}

impl Document {
    fn read(sig: &str) -> Result<Self, VerifyError> {
        if sig.len() > MAX_ENCODED_BYTES {
            return Err(VerifyError::TooLarge {
                limit: MAX_ENCODED_BYTES,
            });
        }
        let packed = encoding::decode(sig)?;
        let json = deflate::inflate(&packed, MAX_DOCUMENT_BYTES)?;
        let object: Map<String, Value> =
            serde_json::from_slice(&json).map_err(|_| VerifyError::BadJson)?;
        let text = |name: &'static str| {
            object
                .get(name)
                .and_then(Value::as_str)
                .ok_or(VerifyError::BadField { field: name })
        };
        let number = |name: &'static str| {
            object
                .get(name)
                .and_then(Value::as_u64)
                .ok_or(VerifyError::BadField { field: name })
        };
        if text(field::VERSION)? != VERSION {
            return Err(VerifyError::UnknownVersion);
        }
        let user_id = text(field::IDENTIFIER)?.to_owned();
        let valid_for = number(field::EXPIRE)?;
        sign::check(&user_id, valid_for).map_err(|error| VerifyError::BadField {
            field: match error {
                SignError::NoValidity => field::EXPIRE,
                _ => field::IDENTIFIER,
            },
        })?;
        let base64 = |text: &str, name| {
            STANDARD
                .decode(text)
                .map_err(|_| VerifyError::BadField { field: name })
        };
        let userbuf = match object.get(field::USERBUF) {
            None => None,
            Some(_) => Some(text(field::USERBUF)?.to_owned()),
        };
        let claims = Claims {
            user_id,
            sdk_app_id: number(field::SDK_APP_ID)?,
            issued_at: number(field::TIME)?,
            valid_for,
            userbuf: userbuf
                .as_deref()
                .map(|text| base64(text, field::USERBUF))
                .transpose()?,
        };
        let signature = base64(text(field::SIGNATURE)?, field::SIGNATURE)?;
        Ok(Self {
            claims,
            userbuf,
            signature,
        })
    }
}
