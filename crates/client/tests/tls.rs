//! What TLS needs, and the errors if it is missing. Runs with every choice of features.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
mod support;

use tencent_chat_client::{Client, ClientBuilder};

fn builder() -> ClientBuilder {
    Client::builder(1_400_000_000, "admin", "key")
}

#[cfg(not(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls")))]
mod without_tls {
    use super::builder;
    use tencent_chat_client::{Region, reqwest};

    #[test]
    fn https_is_refused_when_the_client_is_built() {
        let own = reqwest::Client::new();
        for (builder, setting) in [
            (builder().region(Region::SEOUL), "region"),
            (builder().base_url("https://example.com"), "base_url"),
            (builder().region(Region::SEOUL).http_client(own), "region"),
            (
                builder()
                    .base_url("http://127.0.0.1:1")
                    .standby_urls(["https://example.com"])
                    .failover(),
                "base_url",
            ),
        ] {
            let error = builder.build().unwrap_err();
            assert_eq!(error.setting(), setting);
            assert!(error.to_string().contains("`rustls`"), "{error}");
        }
        assert!(builder().base_url("http://127.0.0.1:1").build().is_ok());
    }
}

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
mod with_rustls {
    use super::{
        builder,
        support::{self, Server, tls::tls_server},
    };
    use std::process::Command;
    use tencent_chat_client::{Region, reqwest};
    use tencent_chat_types::conversation::GetContactGroup;

    const DONE: &str = r#"{"ActionStatus":"OK","ErrorCode":0,"CompleteFlag":1}"#;

    /// Set in the process without certificates: tests share their environment.
    const CHILD: &str = "TENCENT_CHAT_TEST_WITHOUT_CERTIFICATES";

    #[test]
    #[cfg_attr(
        feature = "native-tls",
        ignore = "with this feature, reqwest uses the system's library, which looks for certificates later"
    )]
    fn missing_certificates_of_authorities_are_named() {
        if std::env::var_os(CHILD).is_none() {
            let test = "with_rustls::missing_certificates_of_authorities_are_named";
            let child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", test])
                .env(CHILD, "1")
                .env("SSL_CERT_FILE", "/nonexistent/file")
                .env("SSL_CERT_DIR", "/nonexistent/folder")
                .output()
                .unwrap();
            let output = String::from_utf8_lossy(&child.stdout);
            assert!(child.status.success(), "{output}");
            assert!(output.contains("1 passed"), "{output}");
            return;
        }
        let error = builder().region(Region::SEOUL).build().unwrap_err();
        assert_eq!(error.setting(), "http");
        let text = error.to_string();
        for part in ["No CA certificates", "ca-certificates", "SSL_CERT_FILE"] {
            assert!(text.contains(part), "{text}");
        }
        // Addresses that never use TLS need none.
        assert!(builder().base_url("http://127.0.0.1:1").build().is_ok());
        // Nor do clients with their own.
        let own = builder()
            .region(Region::SEOUL)
            .http(|http| http.tls_certs_only([]));
        assert!(own.build().is_ok());
    }

    #[tokio::test]
    async fn tls_works_with_every_crypto_library() {
        let server = tls_server(DONE).await;
        let ca = reqwest::Certificate::from_pem(server.ca_pem.as_bytes()).unwrap();
        let client = support::builder(&server.base)
            .http(|http| http.tls_certs_only([ca]))
            .build()
            .unwrap();
        client.send(GetContactGroup::new("lin")).await.unwrap();
        // So does plain HTTP, which doesn't even look for certificates.
        let server = Server::replying(DONE).await;
        let client = server.client();
        client.send(GetContactGroup::new("lin")).await.unwrap();
    }

    /// With only this feature there is nothing else, and reqwest would panic.
    #[cfg(not(feature = "rustls"))]
    #[test]
    fn ring_is_used_unless_the_program_has_chosen() {
        use tokio_rustls::rustls::crypto::CryptoProvider;

        builder().region(Region::SEOUL).build().unwrap();
        let provider = CryptoProvider::get_default().unwrap();
        assert_eq!(format!("{:?}", provider.secure_random), "Ring");
    }
}
