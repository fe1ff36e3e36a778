//! A running simulator, as tests hold it.

use crate::{
    commands::{self, UnknownCommand},
    fault::{Injection, Rule},
    settings::{Quotas, lock},
    shared::Shared,
    traffic::{JournalEntry, Page, Seen, WebhookDelivery, WebhookFailure},
    webhooks::WebhookTarget,
};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ops::Deref,
    sync::Arc,
    time::Duration,
};
use tencent_chat_types::{Edition, Endpoint, webhook::Webhook};
use tokio::{
    runtime::{Handle, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

/// All that is remembered.
const EVERYTHING: Page = Page {
    after: Some(0),
    limit: usize::MAX,
};

/// A running simulator. Stops when it is dropped.
pub struct Simulator {
    pub(crate) shared: Arc<Shared>,
    /// None for a view of a simulator that somebody else holds.
    server: Option<Server>,
}

/// What ends with it.
struct Server {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Simulator {
    pub(crate) fn running(
        shared: Arc<Shared>,
        stop: oneshot::Sender<()>,
        task: JoinHandle<()>,
    ) -> Self {
        Self {
            shared,
            server: Some(Server { stop, task }),
        }
    }

    /// Another hold of the same simulator, whose end ends nothing.
    pub(crate) fn view(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            server: None,
        }
    }

    /// Address for clients; loopback if the simulator listens on all addresses of the machine.
    pub fn base_url(&self) -> String {
        let mut address = self.shared.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }

    /// Whether it started with the state from its [data folder](crate::SimulatorBuilder::data_dir).
    pub fn is_restored(&self) -> bool {
        self.shared.is_restored
    }

    /// The last requests, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        let (all, _) = self.shared.traffic.requests(&EVERYTHING, |_| true);
        all.iter().map(|entry| JournalEntry::clone(entry)).collect()
    }

    /// The last requests of a type, oldest first. Bodies that do not decode are only in the
    /// [`journal`](Self::journal).
    pub fn requests<E: Endpoint>(&self) -> Vec<Seen<E>> {
        self.seen(0, |_| true).0.collect()
    }

    /// Waits for a matching request of a type, including earlier ones; `None` after the timeout.
    pub async fn wait_for<E: Endpoint>(
        &self,
        wait: Duration,
        fits: impl Fn(&E) -> bool,
    ) -> Option<Seen<E>> {
        // What was looked at once need not be decoded again.
        let mut after = 0;
        let look = || {
            let (mut seen, last) = self.seen(after, &fits);
            after = last;
            seen.next()
        };
        self.shared.traffic.wait_for(wait, look).await
    }

    /// Requests of a type with greater numbers than one, decoded as they are asked for, and the number of
    /// the last of all.
    fn seen<E: Endpoint>(
        &self,
        after: u64,
        fits: impl Fn(&E) -> bool,
    ) -> (impl Iterator<Item = Seen<E>>, u64) {
        let of_type = |entry: &JournalEntry| entry.path == E::META.path;
        let page = Page {
            after: Some(after),
            ..EVERYTHING
        };
        let (all, last) = self.shared.traffic.requests(&page, of_type);
        let decoded = all.into_iter().filter_map(move |entry| {
            let decoded = tencent_chat_types::decode::<E>(&entry.body).ok()?;
            let request = Some(decoded.value).filter(&fits)?;
            let entry = JournalEntry::clone(&entry);
            Some(Seen { request, entry })
        });
        (decoded, last)
    }

    /// Makes the next requests of a type fail, one after the other.
    ///
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use tencent_chat_simulator::{Fault, Simulator};
    /// use tencent_chat_types::message::SendMsg;
    ///
    /// let simulator = Simulator::builder(1400000000, "any key will do").start().await?;
    /// // The first breaks, of all others one in ten gets no answer.
    /// simulator.inject::<SendMsg>([
    ///     Fault::ResetBefore.into(),
    ///     Fault::Silence.always().probability(0.1),
    /// ])?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// The type is your own, and the simulator does not know its command.
    pub fn inject<E: Endpoint>(
        &self,
        faults: impl IntoIterator<Item = impl Into<Injection>>,
    ) -> Result<(), UnknownCommand> {
        self.inject_at(E::META.path, faults)
    }

    /// Makes the next requests of a command fail, one after the other. `*` stands for all commands
    /// without faults of their own.
    ///
    /// # Errors
    ///
    /// There is no such command, so the faults would never happen. Nothing is injected then.
    pub fn inject_at(
        &self,
        command: &str,
        faults: impl IntoIterator<Item = impl Into<Injection>>,
    ) -> Result<(), UnknownCommand> {
        let command = self.shared.commands.find_or_all(command)?;
        for fault in faults {
            self.shared.inject(command, fault.into());
        }
        Ok(())
    }

    /// The injected faults, oldest first: those still pending, and the last hundred that are used up.
    pub fn faults(&self) -> Vec<Rule> {
        lock(&self.shared.faults).rules()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        lock(&self.shared.faults).clear();
    }

    /// Moves the simulator's clock forward, in whole seconds and up to 100 years ahead in total.
    pub fn forward(&self, by: Duration) {
        self.shared.clock.forward(by);
    }

    /// Enforces the quotas of an edition from now on, or none. They start unused.
    pub fn set_quotas(&self, edition: impl Into<Option<Edition>>) {
        let scale = self.shared.settings.quota_scale;
        let quotas = edition.into().map(|edition| Quotas { edition, scale });
        self.shared.set_quotas(quotas);
    }

    /// Starts over: clears accounts, groups and messages, the journal, deliveries, faults, used quotas and
    /// the offset of the clock. Settings stay, including the address for webhooks and the quotas. Webhooks
    /// that are queued are still sent.
    ///
    /// # Errors
    ///
    /// The data folder cannot be written. Then nothing happens.
    pub fn reset(&self) -> io::Result<()> {
        Ok(self.shared.reset()?)
    }

    /// Sends webhooks to another address from now on, or to none. Queued webhooks go to their old address.
    ///
    /// # Errors
    ///
    /// The address is not on this machine, where it must be; see [`WebhookTarget::any_host`].
    pub fn set_webhooks(&self, target: impl Into<Option<WebhookTarget>>) -> io::Result<()> {
        self.shared.webhooks.set_target(target.into())
    }

    /// The webhooks that were sent last, oldest first.
    pub fn deliveries(&self) -> Vec<WebhookDelivery> {
        let (all, _) = self.shared.traffic.webhooks(&EVERYTHING, |_| true);
        all.iter().map(|delivery| delivery.shown()).collect()
    }

    /// Waits until no webhook is queued any more.
    pub async fn webhooks_idle(&self) {
        self.shared.webhooks.idle().await;
    }

    /// Sends the app an event of your choice and returns its answer: any webhook, also those that the
    /// simulator never fires itself. The answer has no effect.
    ///
    /// # Errors
    ///
    /// No address is set, or the app did not answer properly.
    pub async fn fire<E: Webhook>(&self, event: &E) -> Result<E::Answer, WebhookFailure> {
        self.shared.webhooks.fire(event).await
    }

    /// Every command, with how it is answered: `stateful` or `canned`.
    pub fn behaviours() -> Vec<(&'static str, &'static str)> {
        let commands = commands::all();
        let canned = commands.canned();
        let behaviour = |path| match canned.contains(&path) {
            true => "canned",
            false => "stateful",
        };
        let paths = commands.paths().into_iter();
        paths.map(|path| (path, behaviour(path))).collect()
    }

    /// Paths of the commands that it knows.
    pub fn commands(&self) -> Vec<&'static str> {
        self.shared.commands.paths()
    }

    /// Paths of the commands that answer a sample of the spec instead of acting.
    pub fn canned_commands(&self) -> Vec<&'static str> {
        self.shared.commands.canned()
    }

    /// Stops after answering the requests in flight. Queued webhooks are dropped;
    /// [`webhooks_idle`](Self::webhooks_idle) waits for them.
    pub async fn stop(mut self) {
        if let Some(server) = self.server.take() {
            // The task may have ended already.
            let _ = server.stop.send(());
            let _ = server.task.await;
            self.shared.webhooks.stop();
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.task.abort();
            self.shared.webhooks.stop();
            self.shared.traffic.close();
        }
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("address", &self.shared.address)
            .finish_non_exhaustive()
    }
}

/// A simulator for code that is not asynchronous; see
/// [`SimulatorBuilder::start_blocking`](crate::SimulatorBuilder::start_blocking).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use tencent_chat_simulator::Simulator;
///
/// let simulator = Simulator::builder(1400000000, "any key will do").start_blocking()?;
/// println!("point a client at {}", simulator.base_url());
/// simulator.block_on(simulator.webhooks_idle());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct BlockingSimulator {
    simulator: Simulator,
    runtime: Background,
}

/// A runtime that ends without waiting for it, so that it can be dropped anywhere.
#[derive(Debug)]
struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl BlockingSimulator {
    pub(crate) fn new(simulator: Simulator, runtime: Runtime) -> Self {
        Self {
            simulator,
            runtime: Background {
                handle: runtime.handle().clone(),
                runtime: Some(runtime),
            },
        }
    }

    /// Runs an asynchronous method of [`Simulator`] to completion.
    ///
    /// # Panics
    ///
    /// Within asynchronous code, which it would block.
    pub fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.runtime.handle.block_on(work)
    }

    /// Stops, as [`Simulator::stop`].
    ///
    /// # Panics
    ///
    /// Within asynchronous code, which it would block.
    pub fn stop(self) {
        self.runtime.handle.block_on(self.simulator.stop());
    }
}

impl Deref for BlockingSimulator {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}
