//! A tower layer that stores events in front of any service.

use crate::{intake::Intake, queue::Queue};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use http_body_util::{Either, Full};
use std::{
    error::Error as StdError,
    future::Future,
    mem::replace,
    pin::Pin,
    task::{Context, Poll},
};
use tencent_chat_webhook::{HttpAnswer, Receiver, Webhooks};
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// Stores verified "after" events and acknowledges them once they are stored. Everything else goes unchanged to the
/// inner service, usually [`WebhookService`](tencent_chat_webhook::WebhookService): "before" events, and invalid
/// requests.
#[derive(Clone, Debug)]
pub struct QueueLayer<Q>(Intake<Q>);

impl<Q: Queue> QueueLayer<Q> {
    /// Stores the events that this receiver verifies in that queue.
    pub fn new(receiver: Receiver, queue: Q) -> Self {
        Self(Intake::new(receiver, queue))
    }
}

impl<Q> From<Intake<Q>> for QueueLayer<Q> {
    /// Uses the settings of this intake.
    fn from(intake: Intake<Q>) -> Self {
        Self(intake)
    }
}

impl<S, Q: Clone> Layer<S> for QueueLayer<Q> {
    type Service = QueueService<S, Q>;

    fn layer(&self, inner: S) -> QueueService<S, Q> {
        let intake = self.0.clone();
        QueueService { inner, intake }
    }
}

/// A service behind a [`QueueLayer`].
#[derive(Clone, Debug)]
pub struct QueueService<S, Q> {
    inner: S,
    intake: Intake<Q>,
}

impl<S, Q, B, R> Service<Request<B>> for QueueService<S, Q>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    Q: Queue + Clone,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
    R: Send + 'static,
{
    type Response = Response<Either<R, Full<Bytes>>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let query = request.uri().query().unwrap_or_default();
        let origin = match *request.method() {
            Method::POST => self.intake.verify(query),
            _ => None,
        };
        let Some(origin) = origin else {
            // Use the service that is ready, and not its clone.
            let clone = self.inner.clone();
            let mut inner = replace(&mut self.inner, clone);
            return Box::pin(async move {
                let response = inner.call(request).await?;
                Ok(response.map(Either::Left))
            });
        };
        let intake = self.intake.clone();
        Box::pin(async move {
            let stored = |answer: HttpAnswer| Ok(Response::from(answer).map(Either::Right));
            let _place = match intake.place(&origin) {
                Ok(place) => place,
                Err(answer) => return stored(answer),
            };
            let (head, body) = request.into_parts();
            let until = Instant::now() + Webhooks::DEFAULT_DEADLINE;
            let body = match intake.receiver().read_body(body, until).await {
                Ok(body) => body,
                Err(error) => {
                    tracing::debug!(target: "tencent_chat_webhook", %error, "refused");
                    return stored(HttpAnswer::failed(error.status()));
                }
            };
            let query = head.uri.query().unwrap_or_default();
            stored(intake.store(&origin, query, body).await)
        })
    }
}
