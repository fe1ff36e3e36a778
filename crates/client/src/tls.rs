//! TLS: whether this build has it, and which library does its cryptography.

use std::error::Error;

/// Whether this build can reach `https` addresses.
pub(crate) fn is_available() -> bool {
    // Another crate of the program may have enabled TLS of the same reqwest, which shows in no other way: a
    // client with TLS prints its settings.
    cfg!(any(
        feature = "rustls",
        feature = "rustls-ring",
        feature = "native-tls"
    )) || format!("{:?}", reqwest::Client::builder()).contains("tls_")
}

/// The features of which `https` needs one.
pub(crate) const FEATURES: &str =
    "one of the crate's features `rustls` (a default), `rustls-ring` and `native-tls`";

/// Gives the HTTP client ring, unless the program has chosen a provider already. reqwest brings none but
/// aws-lc, and panics without any.
pub(crate) fn prepare_http() {
    #[cfg(all(feature = "rustls-ring", not(feature = "rustls")))]
    install_provider();
}

/// Gives rustls a provider for the whole process where the program has chosen none: without, it panics where
/// features of several crates leave it more than one.
#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
#[cfg_attr(
    not(feature = "redis"),
    allow(dead_code, reason = "reqwest falls back to aws-lc by itself")
)]
pub(crate) fn install_provider() {
    #[cfg(feature = "rustls")]
    use rustls::crypto::aws_lc_rs as provider;
    #[cfg(not(feature = "rustls"))]
    use rustls::crypto::ring as provider;

    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Another thread was first, which is as well.
        let _ = provider::default_provider().install_default();
    }
}

/// For addresses that TLS is never used for: a simulator must be reachable from a container without
/// certificates.
pub(crate) fn without_certificates(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    #[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
    let http = http.tls_certs_only([]);
    http
}

/// What is wrong with the settings of an HTTP client, with all causes: the outermost says "builder error"
/// alone.
pub(crate) fn problem(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut problem = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        problem = format!("{problem}: {error}");
        cause = error.source();
    }
    problem
}

/// What the settings should be.
pub(crate) const EXPECTED_SETTINGS: &str = "settings that go together, and certificates of authorities, which are \
    taken from the system (on Debian the package ca-certificates), from the file that SSL_CERT_FILE names, or from \
    ClientBuilder::http with reqwest's tls_certs_only";
