//! `rediss://`: TLS, with certificates that are made for the test.

use super::{AT_ONCE, PATIENT, server::Redis, turn};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    sync::{Arc, Mutex},
};
use tencent_chat_client::{Limiter, RedisLimiter};

/// A CA certificate, and a certificate and key for this machine that it has signed.
fn certificates() -> (String, String, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (authority, certificate.pem(), key.serialize_pem())
}

#[tokio::test]
async fn redis_is_reached_by_tls_only_if_its_certificate_is_trusted() {
    let (authority, certificate, key) = certificates();
    let dir = std::env::temp_dir().join(format!("redis-test-tls-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    for (name, pem) in [("ca", &authority), ("cert", &certificate), ("key", &key)] {
        fs::write(dir.join(name), pem).unwrap();
    }
    let at = dir.display();
    let options = format!(
        "--port 0 --tls-port {{port}} --tls-ca-cert-file {at}/ca --tls-cert-file {at}/cert \
         --tls-key-file {at}/key --tls-auth-clients no --requirepass password"
    );
    let redis = Redis::with(&options).await;
    fs::remove_dir_all(&dir).unwrap();
    let address = format!("rediss://:password@127.0.0.1:{}/", redis.port);

    let limiter = RedisLimiter::new(&address, "app").unwrap();
    let limiter = limiter.root_certificate(authority).unwrap();
    let limiter = limiter.on_failure(|error| panic!("{error}"));
    limiter.acquire(turn(1, PATIENT)).await.unwrap();
    let limited = limiter.acquire(turn(1, AT_ONCE)).await.unwrap_err();
    assert!(!limited.wait.is_zero(), "{limited}");

    // Neither the machine's CAs nor a different one have signed it.
    let (other, ..) = certificates();
    let others = RedisLimiter::new(&address, "app").unwrap();
    let others = others.root_certificate(other).unwrap();
    for limiter in [RedisLimiter::new(&address, "app").unwrap(), others] {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Arc::clone(&told);
        let limiter = limiter.fail_closed();
        let limiter = limiter.on_failure(move |error| tell.lock().unwrap().push(error.to_string()));
        let limited = limiter.acquire(turn(1, PATIENT)).await.unwrap_err();
        let told = told.lock().unwrap();
        assert!(told[0].contains("certificate"), "{told:?}");
        assert!(limited.to_string().contains(&told[0]), "{limited}");
        assert!(!limited.to_string().contains("password"), "{limited}");
    }
}

#[test]
fn a_root_certificate_must_be_valid_and_needs_tls() {
    let (authority, ..) = certificates();
    let plain = RedisLimiter::new("redis://127.0.0.1/", "app").unwrap();
    plain.root_certificate(authority).unwrap_err();
    let tls = RedisLimiter::new("rediss://127.0.0.1/", "app").unwrap();
    tls.root_certificate("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n")
        .unwrap_err();
}
