//! The page of `tencent-chat serve`: the files in `page/dist`, embedded in the program.
//!
//! The page gets everything that it shows about the server from the control API.

use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::{Map, Value, json};
use std::fmt::Debug;
use tencent_chat_types::ErrorCode;

/// The output of `npm run build` for `page/src`. It is checked in, so that cargo is enough to build the program.
#[derive(RustEmbed)]
#[folder = "page/dist/"]
struct Files;

/// The page runs only its own scripts and contacts only this server; no one can frame it, and no text
/// becomes markup.
const POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      object-src 'none'; require-trusted-types-for 'script'";

/// Headers of every response.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
    // Revalidated each time, and served from the cache unless the build has changed.
    (header::CACHE_CONTROL, "no-cache"),
];

/// `/` and `/assets/…`, for [`SimulatorBuilder::page`](tencent_chat_simulator::SimulatorBuilder::page).
pub(crate) fn router() -> Router {
    Router::new()
        .route("/", get(|headers| async { file("index.html", headers) }))
        .route("/assets/words.json", get(words))
        .route("/assets/{*name}", get(asset))
        .fallback(|| async { answer(StatusCode::NOT_FOUND, "text/plain", "no such file\n") })
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{name}"), headers)
}

fn file(name: &str, headers: HeaderMap) -> Response {
    let Some(file) = Files::get(name) else {
        return answer(StatusCode::NOT_FOUND, "text/plain", "no such file\n");
    };
    let tag = tag(&file);
    let known = headers.get_all(header::IF_NONE_MATCH);
    let mut response = match known.iter().any(|known| known == tag.as_str()) {
        true => answer(StatusCode::NOT_MODIFIED, file.metadata.mimetype(), ""),
        false => answer(StatusCode::OK, file.metadata.mimetype(), file.data),
    };
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The hash of the content, as an `ETag` has it.
fn tag(file: &EmbeddedFile) -> String {
    let hash: String = (file.metadata.sha256_hash().iter().take(16))
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hash}\"")
}

fn answer(status: StatusCode, kind: &str, body: impl IntoResponse) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The text files are UTF-8.
    let kind = match kind.starts_with("text/") {
        true => format!("{kind}; charset=utf-8"),
        false => kind.to_owned(),
    };
    if let Ok(kind) = HeaderValue::from_str(&kind) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    response
}

/// Phrases for the classes of error codes and for retries, by the names that the published description
/// gives them.
async fn words() -> Response {
    let mut classes = Map::new();
    let mut repeats = Map::new();
    for info in ErrorCode::all() {
        classes.insert(published(info.class), Value::from(info.class.to_string()));
        repeats.insert(published(info.repeat), Value::from(info.repeat.to_string()));
    }
    let words = json!({ "classes": classes, "repeats": repeats });
    answer(StatusCode::OK, "application/json", words.to_string())
}

/// A variant's name in snake case; `UserSig` is one word.
fn published(variant: impl Debug) -> String {
    let name = format!("{variant:?}").replace("UserSig", "Usersig");
    let mut text = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use std::collections::BTreeSet;
    use tower_service::Service;

    async fn asked(path: &str, known: Option<&HeaderValue>) -> (StatusCode, HeaderMap, Vec<u8>) {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        if let Some(known) = known {
            let name = header::IF_NONE_MATCH;
            request.headers_mut().insert(name, known.clone());
        }
        let response = router().call(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        (head.status, head.headers, body.to_vec())
    }

    #[tokio::test]
    async fn every_file_has_its_kind_and_the_policy_and_is_sent_once() {
        let kinds = [
            ("/", "text/html; charset=utf-8"),
            ("/assets/app.js", "text/javascript; charset=utf-8"),
            ("/assets/app.css", "text/css; charset=utf-8"),
            ("/assets/icon.svg", "image/svg+xml"),
            ("/assets/LICENSES.txt", "text/plain; charset=utf-8"),
        ];
        assert_eq!(kinds.len(), Files::iter().count());
        for (path, kind) in kinds {
            let (status, headers, body) = asked(path, None).await;
            assert_eq!((status, body.is_empty()), (StatusCode::OK, false), "{path}");
            assert_eq!(headers[header::CONTENT_TYPE], kind, "{path}");
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
            let (status, headers, body) = asked(path, Some(&headers[header::ETAG])).await;
            assert_eq!((status, body.len()), (StatusCode::NOT_MODIFIED, 0));
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
        }
    }

    #[tokio::test]
    async fn files_that_are_not_of_the_page_are_not_found() {
        for path in [
            "/other",
            "/assets/",
            "/assets/../Cargo.toml",
            "/assets/%2e%2e/index.html",
        ] {
            let (status, headers, _) = asked(path, None).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(headers[header::CONTENT_SECURITY_POLICY], POLICY, "{path}");
        }
    }

    #[tokio::test]
    async fn every_class_and_repeat_of_the_published_description_has_a_phrase() {
        let (_, _, body) = asked("/assets/words.json", None).await;
        let words: Value = serde_json::from_slice(&body).unwrap();
        let codes = crate::reference::document()["x-error-codes"]
            .as_array()
            .unwrap();
        for (kind, field) in [("classes", "class"), ("repeats", "repeat")] {
            let published: BTreeSet<&str> = codes
                .iter()
                .map(|code| code[field].as_str().unwrap())
                .collect();
            let known: BTreeSet<&str> = words[kind]
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .collect();
            assert_eq!(published, known);
        }
    }
}
