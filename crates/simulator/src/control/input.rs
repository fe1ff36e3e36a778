//! Queries and bodies as types, with mistakes explained.

use super::problem::Problem;
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
};
use http::{StatusCode, header, request::Parts};
use serde::de::DeserializeOwned;

/// A query string.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(error) => Err(
                Problem::bad(format!("the query string: {}", error.body_text()))
                    .suggestion("GET /_control/control.openapi.json describes the parameters"),
            ),
        }
    }
}

/// A JSON body; none counts as `{}`.
pub(super) struct Input<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).cloned();
        let body = Bytes::from_request(request, state).await.map_err(|error| {
            Problem::new(error.status(), "the body is too large or was cut off")
        })?;
        if body.is_empty() {
            return read(b"{}").map(Self);
        }
        let kind = kind.as_ref().and_then(|kind| kind.to_str().ok());
        let is_json = kind.is_some_and(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            kind.eq_ignore_ascii_case("application/json")
        });
        if !is_json {
            // A page of another origin can send other kinds of body without asking first.
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body is not said to be JSON",
            )
            .expected("the header Content-Type: application/json"));
        }
        read(&body).map(Self)
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let at = match error.path().to_string().as_str() {
            "." => "the body".to_owned(),
            path => format!("{path} in the body"),
        };
        Problem::bad(format!("{at}: {}", error.inner()))
            .suggestion("GET /_control/control.openapi.json describes the bodies")
    })?;
    json.end()
        .map_err(|_| Problem::bad("the body goes on after its JSON value"))?;
    Ok(value)
}
