//! Receives webhooks over mutual TLS: the service identifies itself with a certificate, as the vendor's
//! guides for Apache and Nginx describe.
//!
//! ```console
//! cargo run -p tencent-chat-webhook --features tower --example mutual_tls -- \
//!     1400000000 www.example.com.crt www.example.com.key TencentQQAuthCA.crt 0.0.0.0:443
//! ```
//!
//! The files are those of the guides: the app's own certificate with its key, from the console or from a
//! public authority, and the authority of the service's certificate (`ssl_client_certificate` in Nginx,
//! `SSLCACertificateFile` in Apache). All of them are in PEM format.

use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    RootCertStore, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
};
use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};
use tencent_chat_webhook::{
    Received, Receiver, Webhooks,
    types::webhook::{C2cBeforeSendMsg, C2cBeforeSendMsgAnswer},
};

/// The TLS configuration of the server: with this certificate, accepting only clients whose certificate is signed by
/// this authority. All three are in PEM format.
pub(crate) fn mutual_tls(
    certificate: &[u8],
    key: &[u8],
    client_authority: &[u8],
) -> Result<RustlsConfig, Box<dyn Error + Send + Sync>> {
    let mut authorities = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(client_authority) {
        authorities.add(authority?)?;
    }
    // Named, since rustls panics where another crate of the program enables a second provider.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(&provider))
            .build()?;
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?;
    Ok(RustlsConfig::from_config(Arc::new(config)))
}

/// The app: refuses messages from mallory.
pub(crate) fn app(receiver: Receiver) -> Router {
    let webhooks = Webhooks::new(receiver).on(|event: Received<C2cBeforeSendMsg>| async move {
        match event.from_account.as_str() {
            "mallory" => C2cBeforeSendMsgAnswer::Refuse,
            _ => C2cBeforeSendMsgAnswer::Allow,
        }
    });
    Router::new().route_service("/webhook", webhooks.into_service())
}

#[tokio::main]
#[allow(dead_code, reason = "a test takes the functions above")]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [app_id, certificate, key, authority, address] = arguments.as_slice() else {
        return Err("expected: SDKAppID, certificate, key, client authority, address".into());
    };
    let tls = mutual_tls(
        &std::fs::read(certificate)?,
        &std::fs::read(key)?,
        &std::fs::read(authority)?,
    )?;
    // Clients that get this far have authenticated. With a token in the console, use `Receiver::new`.
    let receiver = Receiver::unauthenticated(app_id.parse()?);
    let address: SocketAddr = address.parse()?;
    // A handshake has ten seconds, a request's head five.
    let head = Duration::from_secs(5);
    let server = axum_server::bind_rustls(address, tls);
    let mut server = server.http1_only().first_request_timeout(head);
    server.http_builder().http1().header_read_timeout(head);
    server.serve(app(receiver).into_make_service()).await?;
    Ok(())
}
