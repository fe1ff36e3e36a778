//! The HTTP server: the service, the rooms of the control API and a page, on one port.

use crate::{
    control::{Door, Rooms},
    reply::{Reply, Reset},
    service::{self, Answer, Arrival},
    shared::Shared,
};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Collected, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use std::{future::Future, io, sync::Arc, time::Duration};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};

/// Largest request body that is read. The service's own limits are per command and smaller.
const MAX_BODY_BYTES: usize = 1 << 20;

/// How long no connection is accepted after one could not be: at first, and at most.
const ACCEPT_PAUSE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(1));

/// The next connection. When none can be accepted, which lasts while the process has too many files
/// open, it rests longer and longer before it tries again.
async fn accept<T, F>(mut accept: impl FnMut() -> F) -> T
where
    F: Future<Output = io::Result<T>>,
{
    let (mut pause, longest) = ACCEPT_PAUSE;
    loop {
        match accept().await {
            Ok(connection) => return connection,
            // The client's loss: it broke while it came about.
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => {
                sleep(pause).await;
                pause = longest.min(pause * 2);
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Accepts connections until it is told to stop, then lets requests in flight finish.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    rooms: Rooms,
    mut stopped: oneshot::Receiver<()>,
) {
    let connections = GracefulShutdown::new();
    loop {
        let stream = tokio::select! {
            (stream, _) = accept(|| listener.accept()) => stream,
            // An error means that the simulator was dropped, which stops it as well.
            _ = &mut stopped => break,
        };
        // Without this, small replies wait for the client's acknowledgement of the last one.
        let _ = stream.set_nodelay(true);
        let (shared, rooms) = (Arc::clone(&shared), rooms.clone());
        let service =
            service_fn(move |request| answer(Arc::clone(&shared), rooms.clone(), request));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // Broken connections are the client's, or were asked for.
            let _ = connection.await;
        });
    }
    // Those who wait for something to happen would hold this up.
    shared.traffic.close();
    connections.shutdown().await;
}

/// Answers one request.
async fn answer(
    shared: Arc<Shared>,
    rooms: Rooms,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Reset> {
    match rooms.door(request.method(), request.uri().path()) {
        Some(door) => Ok(enter(&rooms, door, request).await),
        None => serve_call(shared, request).await,
    }
}

/// Lets the control API or the page answer.
async fn enter(rooms: &Rooms, door: Door, request: Request<Incoming>) -> Response<Reply> {
    let request = request.map(axum::body::Body::new);
    rooms.enter(door, request).await.map(Reply::Other)
}

/// Answers with HTTP status 200 like the service, unless a fault says otherwise.
async fn serve_call(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Reply>, Reset> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, MAX_BODY_BYTES).collect().await;
    let arrival = Arrival {
        method: head.method,
        path: head.uri.path().trim_start_matches('/').to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        body: body.map(Collected::to_bytes).ok(),
    };
    let performed = service::perform(&shared, arrival).await;
    let (entry, answer) = performed.ok_or(Reset)?;
    let (status, content_type, body) = match answer {
        Answer::Reset => return Err(Reset),
        // Until the client hangs up, which drops this.
        Answer::Silence => return std::future::pending().await,
        Answer::Reply {
            status,
            content_type,
            body,
        } => (status, content_type, body),
    };
    let mut response = Response::new(Reply::new(body, &entry.fault));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // The service's clock is the simulator's.
    let now = std::time::UNIX_EPOCH + Duration::from_secs(shared.settings.signer.now());
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        headers.insert(header::DATE, date);
    }
    Ok(response)
}
