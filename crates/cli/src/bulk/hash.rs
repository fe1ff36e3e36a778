//! SHA-256 of files, to recognize them.

use sha2::{Digest as _, Sha256};
use std::io::{self, Read};

/// Hashes a reader to its end.
pub(super) fn of(mut read: impl Read) -> io::Result<Sha256> {
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        match read.read(&mut buffer) {
            Ok(0) => return Ok(hash),
            Ok(bytes) => hash.update(buffer.get(..bytes).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Formats a hash as hexadecimal digits.
pub(super) fn hex(hash: Sha256) -> String {
    let digits = hash.finalize();
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}
