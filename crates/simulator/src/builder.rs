//! Sets a simulator up.

use crate::{
    clock::MovableClock,
    commands,
    control::{Access, Rooms},
    fault::Script,
    seed::{self, Seed},
    server,
    settings::{Quotas, Settings, lock},
    shared::Shared,
    simulator::{BlockingSimulator, Simulator},
    store::{NotWritable, Store},
    traffic::Traffic,
    webhooks::{WebhookTarget, Webhooks},
    world::State,
};
use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tencent_chat_types::Edition;
use tencent_chat_usersig::{Clock, SecretKey, Signer};
use tokio::{net::TcpListener, runtime, sync::oneshot, task::spawn_blocking, time::Instant};

/// Most requests that the journal remembers, unless set otherwise.
const JOURNAL_LENGTH: usize = 10_000;

/// What stored messages may take, unless set otherwise.
const MESSAGE_MEMORY: usize = 256 << 20;

/// Sets a [`Simulator`] up.
#[must_use = "a builder does nothing until it is started"]
pub struct SimulatorBuilder {
    sdk_app_id: u64,
    key: SecretKey,
    admins: Vec<String>,
    clock: Option<Arc<dyn Clock>>,
    page_size: usize,
    journal_length: usize,
    message_memory: usize,
    data_dir: Option<PathBuf>,
    seeds: Vec<Seed>,
    ahead: Duration,
    ip: IpAddr,
    port: u16,
    access: Access,
    page: Option<axum::Router>,
    webhooks: Option<WebhookTarget>,
    quotas: Option<Edition>,
    time_scale: f64,
    fault_seed: u64,
}

impl Simulator {
    /// Begins a simulator of one app with its key.
    pub fn builder(sdk_app_id: u64, key: impl Into<SecretKey>) -> SimulatorBuilder {
        SimulatorBuilder {
            sdk_app_id,
            key: key.into(),
            admins: vec!["administrator".to_owned()],
            clock: None,
            page_size: 100,
            journal_length: JOURNAL_LENGTH,
            message_memory: MESSAGE_MEMORY,
            data_dir: None,
            seeds: Vec::new(),
            ahead: Duration::ZERO,
            ip: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            access: Access::default(),
            page: None,
            webhooks: None,
            quotas: None,
            time_scale: 1.0,
            fault_seed: 0,
        }
    }
}

impl SimulatorBuilder {
    /// Refuses calls above the quotas that commands have in an edition, in any window, with the code from
    /// the spec. Without this, no quota is enforced. Refused calls are not counted.
    pub fn quotas(mut self, edition: Edition) -> Self {
        self.quotas = Some(edition);
        self
    }

    /// Scales the windows of quotas relative to the service's, for tests: 0.01 makes a minute 600 ms. A
    /// value that is not above zero counts as 1.
    pub fn quota_time_scale(mut self, times: f64) -> Self {
        self.time_scale = match times.is_finite() && times > 0.0 {
            true => times,
            false => 1.0,
        };
        self
    }

    /// User ids that may call; only `administrator` unless set otherwise.
    pub fn admins(mut self, admins: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.admins = admins.into_iter().map(Into::into).collect();
        self
    }

    /// Takes the time from another clock. [`Simulator::forward`] is added to it.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// Entries per page where a command leaves that to the service; 100 by default.
    pub fn page_size(mut self, entries: usize) -> Self {
        self.page_size = entries.max(1);
        self
    }

    /// How many requests [`journal`](Simulator::journal) and how many webhooks
    /// [`deliveries`](Simulator::deliveries) holds: 10,000 of each by default, and at most 32 MiB of bodies of
    /// each. Above that, the oldest are dropped.
    pub fn journal_length(mut self, entries: usize) -> Self {
        self.journal_length = entries;
        self
    }

    /// Bytes of memory for stored messages; 256 MiB by default, which is about 700,000 messages of 100
    /// bytes. Above it, the oldest messages of the app are evicted, a tenth of the bound at once: like expired
    /// ones, they are missing from histories and cannot be changed or recalled.
    pub fn message_memory(mut self, bytes: usize) -> Self {
        self.message_memory = bytes;
        self
    }

    /// Stores users, groups, messages, relations, pushes and counters in a folder, which is created if it
    /// does not exist; by default they are in memory only. Whatever was acknowledged survives a kill of the
    /// process; a power failure may lose the latest changes. A folder belongs to one app, and to one
    /// simulator at a time.
    ///
    /// Requests, webhooks that were not sent to the app yet, faults, used quotas and how far the clock is
    /// ahead are not stored.
    pub fn data_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(folder.into());
        self
    }

    /// What the simulator begins with, added as by [`Simulator::seed`]; several seeds are added in order. It
    /// is skipped if the [data folder](Self::data_dir) already holds a state, and is stored there as a whole:
    /// an interrupted start stores nothing, and the next one begins again.
    pub fn seed(mut self, seed: Seed) -> Self {
        self.seeds.push(seed);
        self
    }

    /// How far the clock is ahead at the start, as [`Simulator::forward`] moves it.
    pub fn forward(mut self, by: Duration) -> Self {
        self.ahead = by;
        self
    }

    /// A port of your choice; any free one unless set.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// An address of this machine to listen on; 127.0.0.1 by default. Whoever reaches it can use the
    /// simulator, so an address other than loopback requires a [`control_token`](Self::control_token).
    pub fn listen_on(mut self, address: impl Into<IpAddr>) -> Self {
        self.ip = address.into();
        self
    }

    /// The token that requests to the control API must send as `Authorization: Bearer …`; none by default.
    pub fn control_token(mut self, token: impl Into<SecretKey>) -> Self {
        self.access.token = Some(token.into());
        self
    }

    /// Further host names under which clients may reach the control API and the page, such as the name of a
    /// container. Loopback and the listening address are always allowed. Requests for other hosts are refused,
    /// because a website can resolve its own name to any address.
    pub fn allow_hosts(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names
            .into_iter()
            .map(|name| name.into().to_ascii_lowercase());
        self.access.hosts.extend(names);
        self
    }

    /// Lets the control API send webhooks to apps on other machines too, as
    /// [`WebhookTarget::any_host`] does for the library.
    pub fn any_webhook_host(mut self) -> Self {
        self.access.any_host = true;
        self
    }

    /// Answers GET and HEAD of `/` and below with a page; without one they are refused as the service
    /// refuses them.
    pub fn page(mut self, page: axum::Router) -> Self {
        self.page = Some(page);
        self
    }

    /// Seeds the random sequence that decides on faults with a probability; 0 by default.
    pub fn fault_seed(mut self, seed: u64) -> Self {
        self.fault_seed = seed;
        self
    }

    /// Fires webhooks at an app; none unless set. See also [`Simulator::set_webhooks`].
    pub fn webhooks(mut self, target: WebhookTarget) -> Self {
        self.webhooks = Some(target);
        self
    }

    /// Starts to listen.
    ///
    /// # Errors
    ///
    /// The port is taken, the machine does not have the address, the address is not loopback but no control
    /// token is set, or the address for webhooks is invalid. The data folder is in use, holds
    /// something else, the state of another app or of another version, or cannot be read or written.
    /// The service would refuse a part of the [`seed`](Self::seed): then the source is a
    /// [`SeedError`](crate::SeedError).
    pub async fn start(self) -> io::Result<Simulator> {
        if !self.ip.is_loopback() && self.access.token.is_none() {
            let text = "an address other than loopback needs a control token";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let listener = TcpListener::bind((self.ip, self.port)).await?;
        let address = listener.local_addr()?;
        let clock = Arc::new(MovableClock::new(self.clock));
        clock.forward(self.ahead);
        let traffic = Arc::new(Traffic::new(self.journal_length));
        let webhooks = Webhooks::new(self.sdk_app_id, Arc::clone(&clock), Arc::clone(&traffic));
        webhooks.set_target(self.webhooks)?;
        let (state, store) = open(self.data_dir, self.sdk_app_id).await?;
        let is_restored = !state.accounts.is_empty();
        let scale = self.time_scale;
        let mut shared = Shared {
            address,
            webhooks,
            traffic,
            state: Mutex::new(state),
            store: None,
            is_restored,
            settings: Settings {
                sdk_app_id: self.sdk_app_id,
                admins: self.admins,
                signer: Signer::new(self.sdk_app_id, self.key).with_clock(Arc::clone(&clock)),
                page_size: self.page_size,
                message_memory: self.message_memory,
                quota_scale: scale,
            },
            clock,
            commands: commands::all(),
            faults: Mutex::new(Script::new(self.fault_seed)),
            meter: Mutex::default(),
            quotas: Mutex::new(self.quotas.map(|edition| Quotas { edition, scale })),
            started: Instant::now(),
        };
        begin(&mut shared, store, &self.seeds)?;
        let shared = Arc::new(shared);
        let rooms = Rooms::new(Arc::clone(&shared), self.access, self.page);
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(server::serve(listener, Arc::clone(&shared), rooms, stopped));
        Ok(Simulator::running(shared, stop, task))
    }

    /// Starts it on a thread of its own, for tests without a runtime.
    ///
    /// # Errors
    ///
    /// Those of [`start`](Self::start); also within asynchronous code, which it would block.
    pub fn start_blocking(self) -> io::Result<BlockingSimulator> {
        if runtime::Handle::try_current().is_ok() {
            return Err(io::Error::other(
                "within asynchronous code a simulator is started with `start`",
            ));
        }
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let simulator = runtime.block_on(self.start())?;
        Ok(BlockingSimulator::new(simulator, runtime))
    }
}

/// The state that a folder keeps, or a new one.
async fn open(folder: Option<PathBuf>, app: u64) -> io::Result<(State, Option<Store>)> {
    let Some(folder) = folder else {
        return Ok((State::default(), None));
    };
    let opening = move || -> io::Result<_> {
        let store = Store::open(&folder, app)?;
        Ok((store.load()?, Some(store)))
    };
    spawn_blocking(opening).await.map_err(io::Error::other)?
}

/// Completes what is to be there before the first request, and stores it as a whole.
fn begin(shared: &mut Shared, store: Option<Store>, seeds: &[Seed]) -> io::Result<()> {
    lock(&shared.state).welcome(&shared.settings.admins);
    if !shared.is_restored {
        for seed in seeds {
            let planted = seed::plant(shared, seed);
            planted.map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        }
    }
    store_first(&mut lock(&shared.state), store.as_ref(), shared.is_restored)?;
    shared.store = store;
    Ok(())
}

/// Stores what is there before the first request.
pub(crate) fn store_first(
    state: &mut State,
    store: Option<&Store>,
    is_restored: bool,
) -> Result<(), NotWritable> {
    match store {
        Some(store) if is_restored => store.write(&state.changes(true)),
        Some(store) => store.replace(&state.everything()),
        None => {
            // What is there from the beginning is not a change of the first request.
            state.changes(false);
            Ok(())
        }
    }
}

impl fmt::Debug for SimulatorBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatorBuilder")
            .field("sdk_app_id", &self.sdk_app_id)
            .field("admins", &self.admins)
            .field("ip", &self.ip)
            .field("port", &self.port)
            .field("webhooks", &self.webhooks)
            .field("quotas", &self.quotas)
            .finish_non_exhaustive()
    }
}
