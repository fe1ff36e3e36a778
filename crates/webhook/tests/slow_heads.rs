//! The example's server closes connections whose request doesn't arrive.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../examples/serve.rs"]
mod example;

use std::{net::TcpListener, time::Duration};
use tencent_chat_webhook::Receiver;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

const APP: u64 = 1_400_000_000;
const COMMAND: &str = "C2C.CallbackBeforeSendMsg";

#[tokio::test]
async fn slow_heads_are_closed_and_others_are_served_meanwhile() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = example::server(listener, Duration::from_millis(500)).unwrap();
    let app = example::app(Receiver::unauthenticated(APP)).into_make_service();
    tokio::spawn(async move { server.serve(app).await.unwrap() });

    let body = format!(r#"{{"CallbackCommand":"{COMMAND}","From_Account":"mallory"}}"#);
    let request = format!(
        "POST /webhook?SdkAppid={APP}&CallbackCommand={COMMAND} HTTP/1.1\r\nhost: app\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    // Nothing at all; the beginning of a head; a byte now and then; a second request after a complete one;
    // and what could still become HTTP/2.
    let begins = ["", "POST /webhook?", "drip", request.as_str(), "PRI * HT"];
    let slow: Vec<_> = (0..250)
        .map(|number| {
            let begin = begins[number % begins.len()].to_owned();
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.write_all(begin.as_bytes()).await.unwrap();
                let (mut from, mut to) = stream.split();
                let drips = async {
                    loop {
                        sleep(Duration::from_millis(50)).await;
                        if begin != "drip" || to.write_all(b"x").await.is_err() {
                            std::future::pending::<()>().await;
                        }
                    }
                };
                let mut answer = Vec::new();
                tokio::select! {
                    // An error is a closed connection, too.
                    _ = from.read_to_end(&mut answer) => answer,
                    () = drips => answer,
                }
            })
        })
        .collect();

    let mut quick = TcpStream::connect(address).await.unwrap();
    quick.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 4096];
    let length = quick.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains(r#""ErrorCode":1"#),
        "{answer}"
    );

    for (number, slow) in slow.into_iter().enumerate() {
        let closed = timeout(Duration::from_secs(60), slow).await;
        let kind = begins[number % begins.len()];
        assert!(closed.is_ok(), "{kind:?} is still open");
    }
}
