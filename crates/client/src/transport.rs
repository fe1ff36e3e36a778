//! What all calls of a client share.

use crate::{
    credentials::Credentials,
    http::{Http, host_and_port},
    limit::Limiter,
    observe::{Observer, Tried},
    region::Region,
    retry::RetryPolicy,
};
use reqwest::Url;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_types::Edition;
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    time::{Timeout, timeout},
};

/// Everything that calls share.
pub(crate) struct Transport {
    pub(crate) http: Http,
    /// Scheme, host and path prefix, with a slash at the end; standby hosts after the first.
    pub(crate) bases: Vec<Url>,
    /// The region that the first of them belongs to; `None` for a simulator or a gateway.
    pub(crate) region: Option<Region>,
    /// Which of them is in use.
    pub(crate) base: AtomicUsize,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) credentials: Credentials,
    pub(crate) deadline: Duration,
    pub(crate) try_timeout: Duration,
    pub(crate) retry: Arc<RetryPolicy>,
    pub(crate) limiter: Option<Arc<dyn Limiter>>,
    /// Determines which quotas apply.
    pub(crate) edition: Edition,
    pub(crate) max_reply_bytes: usize,
    /// Requests that may still be sent. Never closed.
    pub(crate) in_flight: Semaphore,
}

impl Transport {
    /// Index of the host in use.
    pub(crate) fn host(&self) -> usize {
        self.base.load(Ordering::Relaxed)
    }

    /// The host in use can't be reached: switches to the next, unless another call already has.
    pub(crate) fn leave_host(&self, index: usize) {
        let next = (index + 1) % self.bases.len();
        // The first call wins; the others use the new host.
        let _ = (self.base).compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Waits until another request may be sent; an error if that takes longer than this.
    pub(crate) fn slot(
        &self,
        patience: Duration,
    ) -> Timeout<impl Future<Output = Result<SemaphorePermit<'_>, AcquireError>>> {
        timeout(patience, self.in_flight.acquire())
    }

    /// The destination of calls to a host, for errors: never with a query or credentials.
    pub(crate) fn whereabouts(&self, index: usize) -> String {
        let host = self.bases.get(index).and_then(host_and_port);
        let mut text = host.unwrap_or_default();
        for (number, proxy) in self.http.proxies().iter().enumerate() {
            let word = if number == 0 {
                " (configured proxy: "
            } else {
                ", "
            };
            text.push_str(word);
            text.push_str(proxy);
        }
        if !self.http.proxies().is_empty() {
            text.push(')');
        }
        text
    }

    pub(crate) fn observe(&self, tried: &Tried<'_>) {
        tried.trace();
        if let Some(observer) = &self.observer {
            observer.tried(tried);
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field(
                "bases",
                &self.bases.iter().map(Url::as_str).collect::<Vec<_>>(),
            )
            .field("credentials", &self.credentials)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
