//! TLS: whether this build has it, and which crypto library it uses.

use std::error::Error;

/// Whether this build can use `https` addresses.
pub(crate) fn is_available() -> bool {
    // Another crate of the program may have enabled TLS for the same reqwest, which can only be detected this way: a
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

/// Installs ring for the HTTP client, unless the program has chosen a provider already. reqwest only brings
/// aws-lc, and panics without a provider.
pub(crate) fn prepare_http() {
    #[cfg(all(feature = "rustls-ring", not(feature = "rustls")))]
    install_provider();
}

/// Installs a process-wide provider for rustls if the program has chosen none: otherwise it panics if
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
        // Another thread was first, which is fine.
        let _ = provider::default_provider().install_default();
    }
}

/// For addresses that never use TLS: a simulator must be reachable from a container without
/// certificates.
pub(crate) fn without_certificates(http: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    #[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
    let http = http.tls_certs_only([]);
    http
}

/// What is wrong with the settings of an HTTP client, with all causes: the outermost error only says "builder
/// error".
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

/// The expected settings.
pub(crate) const EXPECTED_SETTINGS: &str = "compatible settings, and CA certificates, which are \
    taken from the system (on Debian the package ca-certificates), from the file that SSL_CERT_FILE names, or from \
    ClientBuilder::http with reqwest's tls_certs_only";
