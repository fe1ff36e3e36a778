//! Errors for the tests of an app.

use crate::{
    ClientBuilder, Error, FailedTry, IntoRequest,
    call::Command,
    error::{Cause, Sent},
};
use std::time::Duration;
use tencent_chat_types::{ActionStatus, Endpoint, Envelope, ErrorCode, text::quoted};

/// Errors for unit tests of your own error handling. They classify like the real ones: what the code means, who
/// must act, and whether a retry helps and is harmless for this very request.
impl Error {
    /// For tests: the service refused the request with a code and a text of its own.
    ///
    /// ```
    /// use tencent_chat_client::{Error, types::{ErrorCode, message::SendMsg}};
    ///
    /// fn should_import(error: &Error) -> bool {
    ///     error.code() == Some(ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND)
    /// }
    ///
    /// let message = SendMsg::new("mei", ["hello"]);
    /// assert!(should_import(&Error::service(&message, ErrorCode::MESSAGE_RECIPIENT_NOT_FOUND, "")));
    /// assert!(!should_import(&Error::timed_out(&message)));
    /// ```
    pub fn service<'r, E: Endpoint>(
        request: impl IntoRequest<'r, E>,
        code: impl Into<ErrorCode>,
        text: &str,
    ) -> Self {
        let mut envelope = Envelope::default();
        envelope.action_status = Some(ActionStatus::FAIL);
        envelope.error_code = Some(code.into());
        envelope.error_info = Some(quoted(text).into_owned());
        failed(request, Cause::Api { envelope }, Sent::Yes)
    }

    /// For tests: the request was sent, and no reply came within the client's usual deadline.
    pub fn timed_out<'r, E: Endpoint>(request: impl IntoRequest<'r, E>) -> Self {
        let cause = Cause::Timeout(ClientBuilder::DEFAULT_DEADLINE);
        failed(request, cause, Sent::Maybe)
    }

    /// For tests: there was no connection to the service, so nothing was sent.
    pub fn unreachable<'r, E: Endpoint>(request: impl IntoRequest<'r, E>) -> Self {
        let cause = Cause::NoConnection(ClientBuilder::DEFAULT_CONNECT_TIMEOUT);
        failed(request, cause, Sent::No)
    }
}

/// An error after one try.
fn failed<'r, E: Endpoint>(request: impl IntoRequest<'r, E>, cause: Cause, sent: Sent) -> Error {
    let error = Command::of(request.convert().get()).error(cause, sent);
    let tries = vec![FailedTry::new(&error, Duration::ZERO)];
    error.after(tries, false)
}
