//! A command that only some regions serve is refused elsewhere before it is sent.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use tencent_chat_client::{Client, ErrorKind, Region, RetryPolicy, Sent};
use tencent_chat_tests::world::World;
use tencent_chat_types::{
    ENDPOINTS, Endpoint, ErrorClass, ErrorRepeat,
    moderation::{ListKeywordLibraries, ListKeywordLibrariesRequired},
};

/// A client whose calls cannot leave the machine.
fn client(region: Region) -> Client {
    let nowhere = reqwest::Proxy::all("http://127.0.0.1:1").unwrap();
    Client::builder(1_400_000_001, "administrator", "a key of this test")
        .region(region)
        .http(|http| http.proxy(nowhere))
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_call_elsewhere_is_refused_before_sending() {
    assert_eq!(
        ListKeywordLibraries::META.regions,
        ["china", "singapore", "seoul"]
    );
    let error = client(Region::FRANKFURT)
        .send(ListKeywordLibraries::new(ListKeywordLibrariesRequired {
            sdk_app_id: 1_400_000_001,
            limit: 10,
        }))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Region);
    assert_eq!(error.sent(), Sent::No);
    assert_eq!(error.class(), Some(ErrorClass::Configuration));
    assert_eq!(error.repeat(), Some(ErrorRepeat::Never));
    let text = error.to_string();
    for word in ["frankfurt", "china", "singapore", "seoul"] {
        assert!(text.contains(word), "{text}");
    }
}

/// Including one that reaches the region by its address, and one that skips checks.
#[tokio::test]
async fn the_host_tells_the_region() {
    let request = ListKeywordLibraries::new(ListKeywordLibrariesRequired {
        sdk_app_id: 1_400_000_001,
        limit: 10,
    });
    let client = client(Region::SINGAPORE);
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    let elsewhere = Client::builder(1_400_000_001, "administrator", "a key of this test")
        .base_url("https://adminapijpn.my-imcloud.com")
        .build()
        .unwrap();
    let error = elsewhere.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Region);
    assert!(error.to_string().contains("tokyo"), "{error}");
}

#[tokio::test]
async fn a_simulator_is_in_no_region() {
    let world = World::new().await;
    world
        .ok(ListKeywordLibraries::new(ListKeywordLibrariesRequired {
            sdk_app_id: 1_400_000_001,
            limit: 10,
        }))
        .await;
}

#[test]
fn every_region_that_a_command_names_exists() {
    for meta in ENDPOINTS {
        for id in meta.regions {
            assert!(id.parse::<Region>().is_ok(), "{}: {id}", meta.path);
        }
    }
    assert_eq!(Region::RIYADH.host, "adminapiksa.im.qcloud.com");
    assert_eq!(
        Region::JAKARTA.standby_hosts,
        ["adminapiidn.my-imcloud.com"]
    );
}
