//! A tower service, for axum, hyper and others.

use crate::{HttpAnswer, ReceiveError, Receiver, Webhooks};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use std::{
    convert::Infallible,
    error::Error as StdError,
    future::{Future, ready},
    pin::Pin,
    task::{Context, Poll},
};
use tokio::time::{Instant, timeout_at};
use tower_service::Service;

/// [`Webhooks`] as a service: `Router::new().route_service("/webhook", webhooks.into_service())` in
/// axum.
///
/// Reads the body up to the receiver's limit and within the handler's deadline. It always responds; the HTTP
/// status of a refusal gives the reason.
#[derive(Clone, Debug)]
pub struct WebhookService(Webhooks);

impl Webhooks {
    /// Converts it into the service.
    pub fn into_service(self) -> WebhookService {
        WebhookService(self)
    }
}

impl<B> Service<Request<B>> for WebhookService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        if request.method() != Method::POST {
            let mut refused = response(StatusCode::METHOD_NOT_ALLOWED, Vec::new());
            let post = HeaderValue::from_static("POST");
            refused.headers_mut().insert(header::ALLOW, post);
            return Box::pin(ready(Ok(refused)));
        }
        let webhooks = self.0.clone();
        let until = Instant::now() + webhooks.time();
        // Senders that can't prove anything need not send a body. This is done here so that the future
        // holds the body only, and not the whole request.
        let origin = match webhooks.verify(request.uri().query().unwrap_or_default()) {
            Ok(origin) => origin,
            Err(answer) => return Box::pin(ready(Ok(answer.into()))),
        };
        let body = request.into_body();
        Box::pin(async move {
            let answer = match webhooks.receiver().read_body(body, until).await {
                Ok(body) => {
                    let began = Instant::now();
                    webhooks.handle_verified(origin, &body, began, until).await
                }
                Err(error) => webhooks.refuse(&error),
            };
            Ok(answer.into())
        })
    }
}

impl Receiver {
    /// Reads the body of a request whose query has been verified, up to
    /// [`max_body_bytes`](Self::max_body_bytes) and until that time.
    ///
    /// # Errors
    ///
    /// [`BodyTooLarge`](ReceiveError::BodyTooLarge), or [`BodyBroken`](ReceiveError::BodyBroken) if it did
    /// not arrive completely and in time.
    pub async fn read_body<B>(&self, body: B, until: Instant) -> Result<Bytes, ReceiveError>
    where
        B: Body,
        B::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let limit = self.body_limit();
        let too_large = ReceiveError::BodyTooLarge { limit };
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large);
        }
        let body = Limited::new(body, limit).collect();
        match timeout_at(until, body).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
            Ok(Err(_)) | Err(_) => Err(ReceiveError::BodyBroken),
        }
    }
}

impl From<HttpAnswer> for Response<Full<Bytes>> {
    fn from(answer: HttpAnswer) -> Self {
        let status = StatusCode::from_u16(answer.status);
        response(
            status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            answer.body,
        )
    }
}

fn response(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
