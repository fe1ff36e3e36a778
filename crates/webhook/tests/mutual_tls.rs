//! The mutual TLS example, with certificates made for the test: only the right one is accepted.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../examples/mutual_tls.rs"]
mod example;

use axum_server::Handle;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
};
use std::net::SocketAddr;
use tencent_chat_webhook::Receiver;

const APP: u64 = 1_400_000_000;

const BODY: &str = r#"{
    "CallbackCommand": "C2C.CallbackBeforeSendMsg", "From_Account": "mallory", "To_Account": "lin",
    "MsgSeq": 1, "MsgRandom": 2, "MsgTime": 1764150123, "MsgKey": "1_2_1764150123",
    "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": "hello" } }]
}"#;

/// A certificate authority.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Self { pem, issuer }
    }

    /// Certificate and key in PEM.
    fn sign(&self, name: &str, usage: ExtendedKeyUsagePurpose) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![usage];
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// The app's response to an event; `None` if the connection fails.
async fn send(
    address: SocketAddr,
    server_authority: &Authority,
    identity: Option<&(String, String)>,
) -> Option<(u16, String)> {
    let root = reqwest::Certificate::from_pem(server_authority.pem.as_bytes()).unwrap();
    let mut client = reqwest::Client::builder()
        .no_proxy()
        // Otherwise native TLS, where another crate of the build enables it.
        .tls_backend_rustls()
        .tls_certs_only([root])
        .resolve("app.example", address);
    if let Some((certificate, key)) = identity {
        let both = format!("{certificate}{key}");
        client = client.identity(reqwest::Identity::from_pem(both.as_bytes()).unwrap());
    }
    let url = format!(
        "https://app.example:{}/webhook?SdkAppid={APP}&CallbackCommand=C2C.CallbackBeforeSendMsg",
        address.port()
    );
    let client = client.build().unwrap();
    let response = client.post(url).body(BODY).send().await.ok()?;
    Some((response.status().as_u16(), response.text().await.ok()?))
}

#[tokio::test]
async fn only_the_service_is_accepted() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("the service's"));
    let (certificate, key) = ours.sign("app.example", ExtendedKeyUsagePurpose::ServerAuth);
    let tls = example::mutual_tls(
        certificate.as_bytes(),
        key.as_bytes(),
        theirs.pem.as_bytes(),
    );
    let handle = Handle::new();
    let server = axum_server::bind_rustls("127.0.0.1:0".parse().unwrap(), tls.unwrap())
        .handle(handle.clone())
        .serve(example::app(Receiver::unauthenticated(APP)).into_make_service());
    let server = tokio::spawn(server);
    let address = handle.listening().await.unwrap();

    let service = theirs.sign("service", ExtendedKeyUsagePurpose::ClientAuth);
    let (status, body) = send(address, &ours, Some(&service)).await.unwrap();
    assert_eq!(status, 200);
    assert!(body.contains(r#""ErrorCode":1"#), "{body}");

    assert_eq!(send(address, &ours, None).await, None, "no certificate");
    let stranger = ours.sign("stranger", ExtendedKeyUsagePurpose::ClientAuth);
    assert_eq!(
        send(address, &ours, Some(&stranger)).await,
        None,
        "a different authority"
    );
    let wrong_use = theirs.sign("service", ExtendedKeyUsagePurpose::ServerAuth);
    assert_eq!(
        send(address, &ours, Some(&wrong_use)).await,
        None,
        "a server's certificate"
    );

    handle.shutdown();
    server.await.unwrap().unwrap();
}

#[test]
fn empty_files_are_refused() {
    let authority = Authority::new("an authority");
    let (certificate, key) = authority.sign("app.example", ExtendedKeyUsagePurpose::ServerAuth);
    let (certificate, key) = (certificate.as_bytes(), key.as_bytes());
    let pem = authority.pem.as_bytes();
    assert!(example::mutual_tls(certificate, key, pem).is_ok());
    for (certificate, key, authority) in [
        (&b""[..], key, pem),
        (certificate, &b""[..], pem),
        (certificate, key, &b""[..]),
        (certificate, pem, pem),
    ] {
        assert!(example::mutual_tls(certificate, key, authority).is_err());
    }
}
