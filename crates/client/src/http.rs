//! The HTTP client of each runtime: a connection is driven by a task of the runtime that opened it, and
//! makes no progress while nothing runs there.

use crate::error::Cause;
use arc_swap::ArcSwap;
use reqwest::Url;
use std::{
    fmt,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::runtime::{Handle, RuntimeFlavor};

type Made = Result<reqwest::Client, reqwest::Error>;
type Make = dyn Fn() -> Made + Send + Sync;

/// Sends requests.
pub(crate) struct Http {
    first: reqwest::Client,
    /// The configured proxies, by host and port.
    proxies: Vec<String>,
    /// Creates another client like the first, if that is possible.
    make: Option<Box<Make>>,
    /// Which runtime each client belongs to.
    homes: ArcSwap<Vec<Home>>,
    /// Held while `homes` changes.
    moving_in: Mutex<()>,
}

/// A runtime with the client whose connections it drives.
#[derive(Clone)]
struct Home {
    runtime: Handle,
    http: reqwest::Client,
}

impl Home {
    /// Whether the runtime is gone. It then accepts no more tasks.
    fn is_over(&self) -> bool {
        let probe = self.runtime.spawn(pending::<()>());
        let is_over = probe.is_finished();
        probe.abort();
        is_over
    }
}

/// Why a call was refused.
const OTHER_RUNTIME: &str = "the client belongs to another runtime that still exists, and its connections \
    make progress only while that one runs; build a client for each runtime, or configure HTTP with `http` \
    instead of `http_client`";

impl Http {
    /// A client for one runtime at a time, or for any number of multi-threaded ones, which always make
    /// progress.
    pub(crate) fn one(http: reqwest::Client) -> Self {
        Self {
            proxies: proxies(&http),
            first: http,
            make: None,
            homes: ArcSwap::default(),
            moving_in: Mutex::new(()),
        }
    }

    /// A client for each runtime. The first is created at once, so that invalid settings
    /// are reported.
    pub(crate) fn per_runtime(
        make: impl Fn() -> Made + Send + Sync + 'static,
    ) -> Result<Self, reqwest::Error> {
        let first = make()?;
        Ok(Self {
            make: Some(Box::new(make)),
            ..Self::one(first)
        })
    }

    /// The configured proxies, from the app or from the environment.
    pub(crate) fn proxies(&self) -> &[String] {
        &self.proxies
    }

    /// The client of the current runtime.
    pub(crate) fn client(&self) -> Result<reqwest::Client, Cause> {
        // Calls have checked that there is one.
        let Ok(runtime) = Handle::try_current() else {
            return Ok(self.first.clone());
        };
        if let Some(http) = find(&self.homes.load(), &runtime) {
            return Ok(http.clone());
        }
        self.move_in(&runtime)
    }

    fn move_in(&self, runtime: &Handle) -> Result<reqwest::Client, Cause> {
        let guard = self.lock();
        let homes = self.live_homes();
        if let Some(http) = find(&homes, runtime) {
            return Ok(http.clone());
        }
        let http = match &self.make {
            None if homes
                .iter()
                .any(|home| !never_still(&home.runtime, runtime)) =>
            {
                return Err(Cause::Runtime(OTHER_RUNTIME));
            }
            Some(make) if !homes.is_empty() => {
                // This runs the app's code, so without the lock.
                drop(guard);
                let made = make().map_err(|error| Cause::Connect(error.without_url()))?;
                return Ok(self.add(self.lock(), runtime, made));
            }
            _ => self.first.clone(),
        };
        Ok(self.add(guard, runtime, http))
    }

    /// Gives a runtime a client, unless it has one by now.
    fn add(
        &self,
        _: MutexGuard<'_, ()>,
        runtime: &Handle,
        http: reqwest::Client,
    ) -> reqwest::Client {
        let mut homes = self.live_homes();
        if let Some(http) = find(&homes, runtime) {
            return http.clone();
        }
        homes.push(Home {
            runtime: runtime.clone(),
            http: http.clone(),
        });
        self.homes.store(Arc::new(homes));
        http
    }

    fn live_homes(&self) -> Vec<Home> {
        let homes = self.homes.load();
        let live = homes.iter().filter(|home| !home.is_over());
        live.cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        self.moving_in
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<'a>(homes: &'a [Home], runtime: &Handle) -> Option<&'a reqwest::Client> {
    let home = homes.iter().find(|home| home.runtime.id() == runtime.id());
    home.map(|home| &home.http)
}

/// reqwest exposes its proxies in no other way. Custom ones are not included.
fn proxies(http: &reqwest::Client) -> Vec<String> {
    let shown = format!("{http:?}");
    let (_, shown) = shown.split_once("proxies: ").unwrap_or_default();
    let mut proxies = Vec::new();
    for (_, uri) in shown
        .match_indices("uri: ")
        .map(|(at, key)| shown.split_at(at + key.len()))
    {
        let uri = uri.split([' ', ',', '}']).next().unwrap_or_default();
        let proxy = Url::parse(uri).ok().and_then(|uri| host_and_port(&uri));
        proxies.extend(proxy.filter(|proxy| !proxies.contains(proxy)));
    }
    proxies
}

/// Whether both have their own threads.
fn never_still(one: &Handle, other: &Handle) -> bool {
    [one, other]
        .iter()
        .all(|runtime| runtime.runtime_flavor() != RuntimeFlavor::CurrentThread)
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("per_runtime", &self.make.is_some())
            .finish_non_exhaustive()
    }
}

/// A host, with its port if that is not the default.
pub(crate) fn host_and_port(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::runtime::Builder;

    #[test]
    fn each_live_runtime_has_a_client_and_those_of_dead_ones_go() {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let clients = Http::per_runtime(move || {
            count.fetch_add(1, Ordering::SeqCst);
            reqwest::Client::builder().no_proxy().build()
        })
        .unwrap();
        let live = Builder::new_current_thread().build().unwrap();
        for round in 1..=20 {
            // The live one keeps its client throughout, and is idle in between.
            assert!(live.block_on(async { clients.client().is_ok() }));
            let other = match round % 2 {
                0 => Builder::new_current_thread().build().unwrap(),
                _ => Builder::new_multi_thread()
                    .worker_threads(1)
                    .build()
                    .unwrap(),
            };
            for _ in 0..3 {
                assert!(other.block_on(async { clients.client().is_ok() }));
            }
            assert_eq!(made.load(Ordering::SeqCst), 1 + round);
            assert_eq!(clients.homes.load().len(), 2);
        }
    }

    #[test]
    fn one_client_moves_to_another_runtime_when_its_own_is_gone() {
        let http = Http::one(reqwest::Client::builder().no_proxy().build().unwrap());
        let serves = || http.client().is_ok();
        let new = || Builder::new_current_thread().build().unwrap();
        let (one, other) = (new(), new());
        assert!(one.block_on(async { serves() }));
        assert!(!other.block_on(async { serves() }));
        drop(one);
        assert!(other.block_on(async { serves() }));
        drop(other);
        let threads = || {
            Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap()
        };
        let (one, other) = (threads(), threads());
        assert!(one.block_on(async { serves() }));
        assert!(other.block_on(async { serves() }));
        assert!(!new().block_on(async { serves() }));
    }
}
