//! Invalid settings are reported when the client is built.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;
use tencent_chat_client::{Client, ClientBuilder, Region};

fn builder() -> ClientBuilder {
    Client::builder(1_400_000_000, "admin", "key")
}

#[test]
fn each_mistake_names_its_setting() {
    let base = |base: &str| builder().base_url(base);
    for (builder, setting, says) in [
        (
            Client::builder(0, "admin", "key"),
            "sdk_app_id",
            "the SDKAppID from the console",
        ),
        (Client::builder(1, " ", "key"), "identifier", "it is empty"),
        (
            Client::builder(1, "a\nb", "key"),
            "identifier",
            "control character",
        ),
        (Client::builder(1, "admin", ""), "key", "it is empty"),
        // Copied with a line break: the service would answer 70009 later.
        (
            Client::builder(1, "admin", "key\n"),
            "key",
            "white space around it",
        ),
        (
            Client::builder(1, " admin", "key"),
            "identifier",
            "white space around it",
        ),
        (builder(), "region", "neither region nor base_url"),
        (base("nonsense"), "base_url", "it is not a valid address"),
        (
            base("ftp://example.com"),
            "base_url",
            "neither https nor http",
        ),
        (
            base("https://user:pw@example.com"),
            "base_url",
            "a user name or a password",
        ),
        (
            base("https://example.com/?usersig=x"),
            "base_url",
            "a query or a fragment",
        ),
        (base("http://example.com"), "base_url", "plain http"),
        (
            builder()
                .region(Region::SEOUL)
                .deadline(Duration::from_secs(3)),
            "deadline",
            "more than the 3 s",
        ),
        (
            builder()
                .region(Region::SEOUL)
                .sig_validity(Duration::from_secs(1)),
            "sig_validity",
            "a minute",
        ),
        (
            builder().region(Region::SEOUL).max_reply_bytes(0),
            "max_reply_bytes",
            "it is 0",
        ),
        (
            builder().region(Region::SEOUL).max_in_flight(0),
            "max_in_flight",
            "it is 0",
        ),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.setting(), setting);
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn valid_settings_build() {
    for region in Region::ALL {
        assert!(builder().region(*region).build().is_ok());
        assert_eq!(region.id.parse(), Ok(*region));
    }
    for base in [
        "http://127.0.0.1:1",
        "http://[::1]:1/",
        "http://localhost:1/x",
        "https://example.com/a/b",
    ] {
        assert!(builder().base_url(base).build().is_ok(), "{base}");
    }
    assert!(
        builder()
            .base_url("http://example.com")
            .allow_plain_http()
            .build()
            .is_ok()
    );
    assert_eq!("Silicon Valley".parse(), Ok(Region::SILICON_VALLEY));
    let error = "atlantis".parse::<Region>().unwrap_err().to_string();
    assert!(error.contains("singapore"), "{error}");
}

/// Mistakes that other SDKs made: obsolete hosts, and a scheme twice.
#[test]
fn hosts_are_the_documented_ones() {
    let hosts: Vec<&str> = Region::ALL.iter().map(|region| region.host).collect();
    assert_eq!(
        hosts,
        [
            "console.tim.qq.com",
            "adminapisgp.im.qcloud.com",
            "adminapikr.im.qcloud.com",
            "adminapijpn.im.qcloud.com",
            "adminapiger.im.qcloud.com",
            "adminapiusa.im.qcloud.com",
            "adminapiidn.im.qcloud.com",
            "adminapiksa.im.qcloud.com",
            "adminapiind.im.qcloud.com",
        ]
    );
    let shown = format!("{:?}", builder().region(Region::SINGAPORE).build().unwrap());
    assert!(
        shown.contains("https://adminapisgp.im.qcloud.com/") && !shown.contains("https://https"),
        "{shown}"
    );
}

/// People put the wrong secret into the wrong place: the error only names the variable and what it should contain. In
/// its own process, since all tests share the environment.
#[test]
fn an_invalid_environment_is_reported_without_its_content() {
    const NAME: &str = "an_invalid_environment_is_reported_without_its_content";
    if std::env::var_os("TENCENT_CHAT_TEST_CHILD").is_some() {
        panic!(
            "{}",
            tencent_chat_client::ClientBuilder::from_env().unwrap_err()
        );
    }
    let right = [
        ("TENCENT_CHAT_SDK_APP_ID", "1400000000"),
        ("TENCENT_CHAT_ADMIN", "administrator"),
        ("TENCENT_CHAT_SECRET_KEY", "some-key"),
        ("TENCENT_CHAT_REGION", "singapore"),
    ];
    for (variable, value, expected) in [
        (0, "hidden-word", "it is not a number"),
        (0, "", "it is not set"),
        (1, " hidden-word", "white space"),
        (2, "hidden-word\n", "white space"),
        (
            3,
            "hidden-word",
            "it is not the ID of a region; expected one of ",
        ),
    ] {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", NAME, "--nocapture"]);
        child.env_remove("TENCENT_CHAT_BASE_URL").envs(right);
        child.env("TENCENT_CHAT_TEST_CHILD", "1");
        child.env(right[variable].0, value);
        let output = child.output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let place = format!("{}: ", right[variable].0);
        assert!(text.contains(&place) && text.contains(expected), "{text}");
        assert!(!text.contains("hidden-word"), "{text}");
    }
}

#[test]
fn a_region_of_a_configuration_file_is_read_by_its_id() {
    let region: Region = serde_json::from_str(r#""singapore""#).unwrap();
    assert_eq!(region, Region::SINGAPORE);
    assert_eq!(serde_json::to_string(&region).unwrap(), r#""singapore""#);
    let escaped: Region = serde_json::from_str(r#""s\u0065oul""#).unwrap();
    assert_eq!(escaped, Region::SEOUL);
    let error = serde_json::from_str::<Region>(r#""atlantis""#)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("atlantis") && error.contains("singapore"),
        "{error}"
    );
}
