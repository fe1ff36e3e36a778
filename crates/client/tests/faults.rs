//! Broken connections, slow servers, and callers that give up.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Server, builder, raw, read_request, write};
use tencent_chat_client::{ErrorKind, Sent};
use tencent_chat_types::{
    ErrorRepeat, conversation::GetContactGroup, group::CreateGroup, model::GroupType,
    operations::GetServerIpList,
};

/// A command that is never safe to repeat.
fn unsafe_request() -> CreateGroup {
    CreateGroup::new(GroupType::PUBLIC, "x")
}

#[tokio::test]
async fn nobody_listens() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = builder(&base)
        .build()
        .unwrap()
        .send(unsafe_request())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Connect, Sent::No));
    // It was never sent, so it may be sent again whatever it does.
    assert_eq!(
        (error.is_repeat_safe(), error.repeat()),
        (true, Some(ErrorRepeat::Later))
    );
}

#[tokio::test]
async fn the_connection_breaks_before_the_reply() {
    let base = raw(|mut connection| async move { read_request(&mut connection).await }).await;
    let error = builder(&base)
        .build()
        .unwrap()
        .send(unsafe_request())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.is_repeat_safe()),
        (ErrorKind::Transport, Sent::Maybe, false)
    );
}

#[tokio::test]
async fn the_reply_is_cut_off() {
    let base = raw(|mut connection| async move {
        read_request(&mut connection).await;
        write(
            &mut connection,
            "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"ErrorCode\":0",
        )
        .await;
    })
    .await;
    let error = builder(&base)
        .build()
        .unwrap()
        .send(unsafe_request())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.sent()),
        (ErrorKind::Transport, Sent::Maybe)
    );
}

#[tokio::test]
async fn the_deadline_is_for_everything() {
    // Sends a byte now and then, forever: no single wait is long.
    let base = raw(|mut connection| async move {
        read_request(&mut connection).await;
        write(
            &mut connection,
            "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n",
        )
        .await;
        for _ in 0..1000 {
            write(&mut connection, " ").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let client = builder(&base).build().unwrap();
    let error = client
        .call(unsafe_request())
        .deadline(Duration::from_millis(300))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.sent(), error.is_repeat_safe()),
        (ErrorKind::Timeout, Sent::Maybe, false)
    );
    assert!(error.to_string().contains("300ms"), "{error}");
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_client_usable() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let base = raw(move |mut connection| {
        let first = count.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            loop {
                read_request(&mut connection).await;
                if first {
                    tokio::time::sleep(Duration::from_secs(600)).await;
                }
                write(
                    &mut connection,
                    "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"ErrorCode\":0}",
                )
                .await;
            }
        }
    })
    .await;
    let client = builder(&base).build().unwrap();
    let call = tokio::spawn({
        let client = client.clone();
        async move { client.send(GetContactGroup::new("lin")).await }
    });
    while connections.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(client.send(GetContactGroup::new("lin")).await.is_ok());
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let base = raw(move |mut connection| {
        count.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut buffer = [0; 4096];
            while let Ok(1..) = tokio::io::AsyncReadExt::read(&mut connection, &mut buffer).await {
                write(
                    &mut connection,
                    "HTTP/1.1 200 OK\r\ncontent-length: 15\r\n\r\n{\"ErrorCode\":0}",
                )
                .await;
            }
        }
    })
    .await;
    let client = builder(&base).build().unwrap();
    for _ in 0..100 {
        client.clone().send(GetServerIpList::new()).await.unwrap();
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn many_calls_are_in_flight_at_once() {
    let server = Server::replying(r#"{"ErrorCode":0}"#).await;
    let client = server.client();
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.send(GetServerIpList::new()).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
    assert_eq!(server.seen().len(), 64);
}
