//! Calls the app as the service does.

use crate::failure::Failure;
use std::time::{Duration, Instant};

/// Timeout for an answer; the service waits for two seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of an answer.
const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Where an app receives events.
pub(super) struct App {
    http: reqwest::Client,
    url: String,
}

/// An app's answer.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    pub(super) took: Duration,
}

impl App {
    pub(super) fn new(url: &str) -> Result<Self, Failure> {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(failed)?;
        let url = url.trim_end_matches(['?', '&']).to_owned();
        Ok(Self { http, url })
    }

    /// The address with a query.
    pub(super) fn address(&self, query: &str) -> String {
        let joint = if self.url.contains('?') { '&' } else { '?' };
        format!("{}{joint}{query}", self.url)
    }

    /// Sends an event.
    pub(super) async fn call(
        &self,
        query: &str,
        body: impl Into<reqwest::Body>,
    ) -> Result<Answered, Failure> {
        let started = Instant::now();
        let request = self
            .http
            .post(self.address(query))
            .header("Content-Type", "application/json")
            .body(body);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Failure::refused(format!(
                    "the answer has more than {MAX_ANSWER_BYTES} bytes"
                )));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answered {
            status,
            body,
            took: started.elapsed(),
        })
    }
}

/// Errors contain neither address nor signature.
fn failed(error: reqwest::Error) -> Failure {
    Failure::unanswered(match error.without_url() {
        error if error.is_connect() => "the app could not be reached".to_owned(),
        error if error.is_timeout() => format!("the app did not answer within {TIMEOUT:?}"),
        error if error.is_builder() => "the app's address is not valid".to_owned(),
        error => error.to_string(),
    })
}
