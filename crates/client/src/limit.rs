//! Keeps the quotas: calls wait for their turn instead of being refused.

mod plan;
mod turn;

pub(crate) use self::plan::{Plan, Window, plan_setters};
pub use self::turn::Turn;
use std::{
    collections::{HashMap, VecDeque},
    error::Error as StdError,
    fmt,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tencent_chat_types::Quota;
use tencent_chat_types::text::quoted;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::{Instant, sleep_until, timeout_at},
};

/// The future that a limiter returns.
pub type LimitFuture<'a> = Pin<Box<dyn Future<Output = Result<(), Limited>> + Send + 'a>>;

/// Decides when calls may be sent.
///
/// A client has one, which all its clones share; several clients of one app can use the same one. A
/// [`LocalLimiter`] keeps the quota of one process. For a fleet, implement this trait with shared
/// state; the feature `redis` has an implementation.
pub trait Limiter: fmt::Debug + Send + Sync + 'static {
    /// Waits until a call of this command may be sent, or returns an error at once if that would take longer than
    /// the caller has. If the future is dropped, the turn goes to another caller.
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a>;

    /// The service refused this command because of its rate: all callers wait for a while.
    fn back_off(&self, command: &str, pause: Duration);
}

/// Why a call may not be sent within the caller's time: the quota is used up, or the
/// limiter could not find out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limited {
    /// When the quota will allow it, as far as is known.
    pub wait: Duration,
    /// Why that is unknown.
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Limited {
    /// The quota is used up for this long.
    pub fn new(wait: Duration) -> Self {
        Self { wait, cause: None }
    }

    /// It is unknown whether the quota is used up, for this reason.
    pub fn unknown(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            wait: Duration::ZERO,
            cause: Some(Arc::new(cause)),
        }
    }
}

impl fmt::Display for Limited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => {
                let cause = cause.to_string();
                let cause = quoted(&cause);
                write!(
                    f,
                    "the limiter cannot determine whether the quota is used up: {cause}"
                )
            }
            None => write!(f, "the quota is used up for {:?}", self.wait),
        }
    }
}

impl StdError for Limited {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| cause.as_ref() as _)
    }
}

/// How late a turn may be taken without delaying those behind it. Timers fire some milliseconds
/// late; anything later means that the machine was suspended.
const SLACK: Duration = Duration::from_millis(50);

/// A [`Limiter`] for one process.
///
/// Quotas come from the spec, by command, and can be overridden for plans with other
/// quotas. Per-second windows are spread evenly: two hundred calls a second are one every five
/// milliseconds, not two hundred at once. Turns are given in the order of requests. No window of any
/// alignment holds more calls than the quota.
#[derive(Debug, Default)]
pub struct LocalLimiter {
    plan: Plan,
    app: Option<Arc<Gate>>,
    /// The gates of commands that were called.
    gates: RwLock<HashMap<String, Arc<Gate>>>,
    /// Until when commands without a quota wait, after a refusal.
    shut: RwLock<HashMap<String, Instant>>,
}

impl LocalLimiter {
    /// Creates a limiter with the quotas of the spec.
    pub fn new() -> Self {
        Self::default()
    }

    plan_setters!();

    /// Sets a quota for all commands together.
    #[must_use]
    pub fn app(mut self, calls: u32, seconds: u32) -> Self {
        let window = Window::new(Quota::calls(calls, seconds));
        self.app = window.map(|window| Arc::new(Gate::new(&[window])));
        self
    }

    /// The number of calls that are waiting for their turn.
    pub fn waiting(&self) -> usize {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        let gates = gates.values().chain(&self.app);
        gates.map(|gate| gate.waiting.load(Ordering::Relaxed)).sum()
    }

    fn gate(&self, turn: &Turn<'_>) -> Option<Arc<Gate>> {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(turn.command) {
            return Some(Arc::clone(gate));
        }
        drop(gates);
        let windows = self.plan.command(turn)?;
        let gate = Arc::new(Gate::new(&windows));
        let mut gates = self.gates.write().unwrap_or_else(PoisonError::into_inner);
        let entry = gates.entry(turn.command.to_owned()).or_insert(gate);
        Some(Arc::clone(entry))
    }

    /// Waits while a command without a quota is blocked after a refusal.
    async fn refusal_is_over(&self, command: &str, until: Instant) -> Result<(), Limited> {
        loop {
            let shut = {
                let shut = self.shut.read().unwrap_or_else(PoisonError::into_inner);
                shut.get(command).copied()
            };
            let now = Instant::now();
            let Some(open) = shut.filter(|open| *open > now) else {
                return Ok(());
            };
            if open > until {
                return Err(Limited::new(open.duration_since(now)));
            }
            sleep_until(open).await;
        }
    }
}

impl Limiter for LocalLimiter {
    fn acquire<'a>(&'a self, turn: Turn<'a>) -> LimitFuture<'a> {
        Box::pin(async move {
            let until = after(turn.patience);
            // A caller that can't get through the second gate need not wait at the first.
            if let Some(app) = &self.app {
                app.expect(0, &turn, until)?;
            }
            // The command's own gate first: a caller that waits there must not block the whole app. Nothing
            // is counted before both are open, so that neither loses a turn to the other.
            let command = self.gate(&turn);
            let command = match &command {
                Some(gate) => Some(gate.enter(&turn, until).await?),
                None => {
                    self.refusal_is_over(turn.command, until).await?;
                    None
                }
            };
            let app = match &self.app {
                Some(gate) => Some(gate.enter(&turn, until).await?),
                None => None,
            };
            for entered in command.into_iter().chain(app) {
                entered.gate.count(&turn);
            }
            Ok(())
        })
    }

    fn back_off(&self, command: &str, pause: Duration) {
        let gates = self.gates.read().unwrap_or_else(PoisonError::into_inner);
        let gate = gates.get(command);
        for gate in gate.into_iter().chain(&self.app) {
            gate.close_for(pause);
        }
        if gate.is_none() {
            let mut shut = self.shut.write().unwrap_or_else(PoisonError::into_inner);
            let open = after(pause);
            let until = shut.entry(command.to_owned()).or_insert(open);
            *until = open.max(*until);
        }
    }
}

/// Admits up to the quota in each of its windows, one call at a time.
#[derive(Debug)]
struct Gate {
    spacing: Duration,
    /// One permit: the queue, in the order of requests. A caller that is dropped while waiting leaves it.
    turnstile: Semaphore,
    waiting: AtomicUsize,
    passed: Mutex<Passed>,
}

#[derive(Debug)]
struct Passed {
    windows: Box<[Log]>,
    /// When the next call may be sent at the earliest, because of the spacing or a refusal by the service.
    next: Option<Instant>,
}

/// What was admitted in a window.
#[derive(Debug)]
struct Log {
    window: Window,
    /// When each was admitted, and how much of the window it used.
    times: VecDeque<(Instant, u32)>,
    /// Their total.
    used: u64,
}

impl Log {
    /// When this much more fits; `None` if it fits now.
    fn room(&self, now: Instant, units: u32) -> Option<Instant> {
        let amount = u64::from(self.window.amount);
        let units = u64::from(units);
        if units > amount {
            return Some(now + FAR);
        }
        let mut used = self.used;
        let mut times = self.times.iter();
        let mut room = None;
        while used + units > amount {
            let (time, left) = times.next()?;
            used -= u64::from(*left);
            room = Some(*time + self.window.kept());
        }
        room
    }

    fn count(&mut self, now: Instant, units: u32) {
        // Entries that have left the window no longer matter: the log holds what was sent, not what may be.
        while let Some((oldest, left)) = self.times.front()
            && now.duration_since(*oldest) >= self.window.kept()
        {
            self.used -= u64::from(*left);
            self.times.pop_front();
        }
        if units > 0 {
            self.times.push_back((now, units));
            self.used += u64::from(units);
        }
    }
}

impl Gate {
    fn new(windows: &[Window]) -> Self {
        let spacing = windows.iter().filter_map(Window::spacing).max();
        let log = |window: &Window| Log {
            window: *window,
            times: VecDeque::new(),
            used: 0,
        };
        Self {
            spacing: spacing.unwrap_or_default(),
            turnstile: Semaphore::new(1),
            waiting: AtomicUsize::new(0),
            passed: Mutex::new(Passed {
                windows: windows.iter().map(log).collect(),
                next: None,
            }),
        }
    }

    /// Now, and when a call like this may be sent if no other is sent until then.
    fn next(&self, turn: &Turn<'_>) -> (Instant, Instant) {
        let passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let rooms = passed
            .windows
            .iter()
            .filter_map(|log| log.room(now, log.window.units(turn)));
        (now, rooms.chain(passed.next).fold(now, Instant::max))
    }

    /// Records that a call is sent.
    fn count(&self, turn: &Turn<'_>) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        for log in &mut passed.windows {
            let units = log.window.units(turn);
            log.count(now, units);
        }
        // By the plan, not by when the timer fired: delays do not add up.
        let planned = passed.next.filter(|next| now.duration_since(*next) < SLACK);
        passed.next = Some(planned.unwrap_or(now) + self.spacing);
    }

    fn close_for(&self, pause: Duration) {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let open = after(pause);
        passed.next = Some(passed.next.map_or(open, |next| next.max(open)));
    }

    /// Whether a call with this many others ahead can be sent in time.
    fn expect(&self, others: usize, turn: &Turn<'_>, until: Instant) -> Result<(), Limited> {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let (now, next) = self.next(turn);
        let expected = next + self.spacing.saturating_mul(others);
        if expected > until {
            return Err(Limited::new(expected.duration_since(now)));
        }
        Ok(())
    }

    /// Waits at the gate until it is open. The next caller gets there when the result is dropped.
    async fn enter(&self, turn: &Turn<'_>, until: Instant) -> Result<Entered<'_>, Limited> {
        let ahead = Ahead::enter(&self.waiting);
        let permit = match self.turnstile.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) => {
                // A caller that can't be admitted in time need not wait to find out.
                self.expect(ahead.others, turn, until)?;
                // Those ahead may have more time than this one, and be delayed longer than expected.
                let Ok(permit) = timeout_at(until, self.turnstile.acquire()).await else {
                    let (now, next) = self.next(turn);
                    return Err(Limited::new((next + self.spacing).duration_since(now)));
                };
                // Never closed, so there is no error.
                permit.ok()
            }
        };
        loop {
            let (now, next) = self.next(turn);
            if next > until {
                return Err(Limited::new(next.duration_since(now)));
            }
            if next <= now {
                return Ok(Entered {
                    gate: self,
                    _turn: permit,
                    _ahead: ahead,
                });
            }
            // If it is dropped here, the turn goes to the next in the queue, and nothing has been counted.
            sleep_until(next).await;
        }
    }
}

/// The only caller at an open gate. If it is dropped uncounted, nothing has happened.
struct Entered<'a> {
    gate: &'a Gate,
    _turn: Option<SemaphorePermit<'a>>,
    _ahead: Ahead<'a>,
}

/// The time after this duration, or one so far off that it makes no difference.
pub(crate) fn after(pause: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(pause).unwrap_or(now + FAR)
}

/// A century.
pub(crate) const FAR: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A place in the queue.
struct Ahead<'a> {
    waiting: &'a AtomicUsize,
    others: usize,
}

impl<'a> Ahead<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Self {
        let others = waiting.fetch_add(1, Ordering::Relaxed);
        Self { waiting, others }
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tencent_chat_types::Edition;
    use tokio::task::JoinSet;

    const QUOTA: &[Quota] = &[Quota::calls(200, 1)];
    const PATIENT: Duration = Duration::from_secs(3_600);

    fn turn(patience: Duration) -> Turn<'static> {
        Turn::new("v4/a/b", QUOTA, patience)
    }

    /// When calls were sent, in milliseconds, by this many tasks in this many seconds.
    async fn times(limiter: &Arc<LocalLimiter>, tasks: usize, seconds: u64) -> Vec<u64> {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(seconds);
        let mut set = JoinSet::new();
        for _ in 0..tasks {
            let limiter = Arc::clone(limiter);
            set.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    limiter.acquire(turn(PATIENT)).await.unwrap();
                    times.push(begin.elapsed().as_millis() as u64);
                }
                times
            });
        }
        let mut all = set.join_all().await.concat();
        all.sort_unstable();
        all
    }

    fn most_in_a_second(times: &[u64]) -> usize {
        let windows = times
            .iter()
            .enumerate()
            .map(|(from, start)| times[from..].partition_point(|time| *time < start + 1_000));
        windows.max().unwrap_or(0)
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_the_quota_and_each_nearly_as_many() {
        let limiter = Arc::new(LocalLimiter::new());
        let times = times(&limiter, 64, 10).await;
        assert!(most_in_a_second(&times) <= 200);
        for second in 0..10 {
            let window: std::ops::Range<u64> = second * 1_000..(second + 1) * 1_000;
            let count = times.iter().filter(|time| window.contains(*time)).count();
            assert!((198..=200).contains(&count), "{count} in second {second}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_does_not_save_up_a_burst() {
        let limiter = Arc::new(LocalLimiter::new());
        times(&limiter, 4, 1).await;
        tokio::time::advance(Duration::from_secs(60)).await;
        let times = times(&limiter, 64, 2).await;
        let at_once = times.iter().filter(|time| **time < 50).count();
        assert!(at_once <= 11, "{at_once} in the first 50 ms");
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_given_in_the_order_of_requests() {
        let limiter = Arc::new(LocalLimiter::new());
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut set = JoinSet::new();
        for number in 0..50 {
            let (limiter, order) = (Arc::clone(&limiter), Arc::clone(&order));
            set.spawn(async move {
                limiter.acquire(turn(PATIENT)).await.unwrap();
                order.lock().unwrap().push(number);
            });
        }
        set.join_all().await;
        assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_gives_up_takes_no_turn() {
        let limiter = LocalLimiter::new().command("v4/a/b", 1, 1);
        let begin = Instant::now();
        limiter.acquire(turn(PATIENT)).await.unwrap();
        for _ in 0..100 {
            let waiting = limiter.acquire(turn(PATIENT));
            let given_up = tokio::time::timeout(Duration::from_millis(5), waiting).await;
            assert!(given_up.is_err());
        }
        limiter.acquire(turn(PATIENT)).await.unwrap();
        assert!(begin.elapsed() <= Duration::from_millis(1_010));
        let gate = limiter.gate(&turn(PATIENT)).unwrap();
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        assert_eq!(gate.turnstile.available_permits(), 1);
    }

    /// A raw call has no quota, and that must not become the command's.
    #[tokio::test(start_paused = true)]
    async fn a_raw_call_does_not_lift_the_quota() {
        let limiter = LocalLimiter::new();
        let raw = Turn::new("v4/a/b", &[], PATIENT);
        limiter.acquire(raw).await.unwrap();
        let begin = Instant::now();
        for _ in 0..201 {
            limiter.acquire(turn(PATIENT)).await.unwrap();
        }
        assert!(begin.elapsed() >= Duration::from_secs(1));
        // Now that it is known, it applies to raw calls, too.
        limiter
            .acquire(Turn {
                patience: Duration::ZERO,
                ..raw
            })
            .await
            .unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_delays_all_callers() {
        let limiter = Arc::new(LocalLimiter::new());
        limiter.acquire(turn(PATIENT)).await.unwrap();
        limiter.back_off("v4/a/b", Duration::from_secs(2));
        let begin = Instant::now();
        limiter.acquire(turn(PATIENT)).await.unwrap();
        assert!(begin.elapsed() >= Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_also_delays_commands_without_a_quota() {
        let limiter = LocalLimiter::new().unlimited("v4/a/b");
        let other = Turn::new("v4/a/raw", &[], PATIENT);
        let begin = Instant::now();
        limiter.back_off("v4/a/b", Duration::from_secs(2));
        limiter.back_off("v4/a/b", Duration::from_secs(1));
        limiter.acquire(other).await.unwrap();
        assert_eq!(begin.elapsed(), Duration::ZERO, "another command");
        let limited = limiter.acquire(turn(Duration::from_secs(1))).await;
        assert!(limited.is_err());
        assert_eq!(begin.elapsed(), Duration::ZERO, "told at once");
        limiter.acquire(turn(PATIENT)).await.unwrap();
        assert_eq!(begin.elapsed().as_secs(), 2);
        limiter.acquire(turn(Duration::ZERO)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn long_windows_may_be_used_up_at_once_and_say_so() {
        let limiter = LocalLimiter::new().command("v4/a/b", 3, 86_400);
        for _ in 0..3 {
            limiter.acquire(turn(Duration::ZERO)).await.unwrap();
        }
        let limited = limiter
            .acquire(turn(Duration::from_secs(10)))
            .await
            .unwrap_err();
        assert!(limited.wait > Duration::from_secs(86_000), "{limited}");
        tokio::time::advance(Duration::from_secs(87_000)).await;
        limiter.acquire(turn(Duration::ZERO)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn the_whole_app_has_a_limit_too() {
        let limiter = LocalLimiter::new().unlimited("v4/a/b").app(10, 1);
        let begin = Instant::now();
        for number in 0..21 {
            let command = ["v4/a/b", "v4/a/c"][number % 2];
            limiter
                .acquire(Turn::new(command, QUOTA, PATIENT))
                .await
                .unwrap();
        }
        assert!(begin.elapsed() >= Duration::from_secs(2));
    }

    /// A daily quota of one call is not used up by a call that the app's quota delays or that is abandoned.
    #[tokio::test(start_paused = true)]
    async fn a_caller_that_stops_at_the_second_gate_uses_nothing() {
        let limiter = LocalLimiter::new().command("v4/a/b", 1, 86_400).app(1, 1);
        let other = Turn::new("v4/a/c", QUOTA, PATIENT);
        limiter.acquire(other).await.unwrap();
        limiter.acquire(turn(Duration::ZERO)).await.unwrap_err();
        // In the second gate's queue when the time is up.
        let given_up = Duration::from_millis(900);
        let late = tokio::time::timeout(given_up, limiter.acquire(turn(PATIENT)));
        assert!(late.await.is_err());
        let refused = limiter.acquire(turn(Duration::from_millis(1)));
        refused.await.unwrap_err();
        limiter.acquire(turn(Duration::from_secs(2))).await.unwrap();
        limiter
            .acquire(turn(Duration::from_secs(2)))
            .await
            .unwrap_err();
        assert_eq!(limiter.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_pause_does_not_overflow() {
        let limiter = LocalLimiter::new().command("v4/a/b", 1, 1).app(1, 1);
        limiter.acquire(turn(Duration::MAX)).await.unwrap();
        limiter.acquire(turn(Duration::MAX)).await.unwrap();
        limiter.back_off("v4/a/b", Duration::MAX);
        limiter.acquire(turn(PATIENT)).await.unwrap_err();
    }

    /// Regardless of what delays those ahead, who have more time: the app's quota or a refusal.
    #[tokio::test(start_paused = true)]
    async fn nobody_waits_longer_than_its_patience_behind_patient_ones() {
        for refused in [false, true] {
            let limiter = match refused {
                false => LocalLimiter::new().app(1, 1),
                true => LocalLimiter::new(),
            };
            let limiter = Arc::new(limiter);
            let mut set = JoinSet::new();
            for _ in 0..10 {
                let limiter = Arc::clone(&limiter);
                set.spawn(async move { limiter.acquire(turn(PATIENT)).await });
            }
            tokio::task::yield_now().await;
            let (begin, patience) = (Instant::now(), Duration::from_secs(2));
            let late = limiter.acquire(turn(patience));
            let refuse = async {
                if refused {
                    limiter.back_off("v4/a/b", Duration::from_secs(60));
                }
            };
            let (late, ()) = tokio::join!(late, refuse);
            assert!(late.is_err());
            let took = begin.elapsed();
            assert!(took <= patience + Duration::from_millis(10), "{took:?}");
            assert!(set.join_all().await.iter().all(Result::is_ok));
            assert_eq!(limiter.waiting(), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn callers_without_patience_fail_at_once() {
        let limiter = LocalLimiter::new().command("v4/a/b", 1, 1);
        limiter.acquire(turn(PATIENT)).await.unwrap();
        let begin = Instant::now();
        limiter
            .acquire(turn(Duration::from_millis(500)))
            .await
            .unwrap_err();
        assert_eq!(begin.elapsed(), Duration::ZERO);
        let none = LocalLimiter::new().command("v4/a/b", 0, 1);
        none.acquire(turn(Duration::from_secs(9)))
            .await
            .unwrap_err();
    }

    /// Times and units of admitted calls, in order.
    async fn weighted(
        limiter: &Arc<LocalLimiter>,
        quotas: &'static [Quota],
        loads: Vec<Vec<(u32, u64)>>,
    ) -> Vec<(Instant, u32)> {
        let all = Arc::new(Mutex::new(Vec::new()));
        let mut set = JoinSet::new();
        for load in loads {
            let (limiter, all) = (Arc::clone(limiter), Arc::clone(&all));
            set.spawn(async move {
                for (items, pause) in load {
                    let turn = Turn::new("v4/a/items", quotas, PATIENT).with_items(items);
                    limiter.acquire(turn).await.unwrap();
                    all.lock().unwrap().push((Instant::now(), items));
                    tokio::time::sleep(Duration::from_millis(pause)).await;
                }
            });
        }
        set.join_all().await;
        Arc::into_inner(all).unwrap().into_inner().unwrap()
    }

    fn most(passed: &[(Instant, u32)], seconds: u32, units: impl Fn(u32) -> u32) -> u32 {
        let length = Duration::from_secs(seconds.into());
        let windows = passed.iter().enumerate().map(|(from, (begin, _))| {
            let within = passed[from..]
                .iter()
                .take_while(|(time, _)| *time - *begin < length);
            within.map(|(_, items)| units(*items)).sum()
        });
        windows.max().unwrap_or(0)
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn no_window_is_exceeded_by_weighted_loads_at_random(
            loads in proptest::collection::vec(
                proptest::collection::vec((0_u32..=60, 0_u64..3_000), 1..30),
                1..6,
            ),
            items in 60_u32..200,
            calls in 2_u32..20,
            daily in 20_u32..100,
        ) {
            let quotas: &'static [Quota] = Vec::leak(vec![
                Quota::calls(calls, 1),
                Quota::items(items, 7),
                Quota::items(items * 3, 60),
                Quota::calls(daily, 600),
            ]);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let asked: usize = loads.iter().map(Vec::len).sum();
            let limiter = Arc::new(LocalLimiter::new());
            let passed = runtime.block_on(weighted(&limiter, quotas, loads));
            proptest::prop_assert_eq!(passed.len(), asked);
            proptest::prop_assert!(most(&passed, 1, |_| 1) <= calls);
            proptest::prop_assert!(most(&passed, 7, |items| items) <= items);
            proptest::prop_assert!(most(&passed, 60, |items| items) <= items * 3);
            proptest::prop_assert!(most(&passed, 600, |_| 1) <= daily);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn all_windows_of_a_command_hold_at_once_and_are_used_up() {
        const BOTH: &[Quota] = &[Quota::calls(200, 1), Quota::items(12_000, 60)];
        let limiter = Arc::new(LocalLimiter::new());
        let begin = Instant::now();
        let passed = weighted(&limiter, BOTH, vec![vec![(500, 0); 72]]).await;
        assert_eq!(most(&passed, 60, |items| items), 12_000);
        let took = begin.elapsed();
        assert!(
            took >= Duration::from_secs(120) && took < Duration::from_millis(121_000),
            "{took:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_with_more_items_than_a_window_is_refused_at_once() {
        const ITEMS: &[Quota] = &[Quota::items(10, 60)];
        let limiter = LocalLimiter::new();
        let turn = Turn::new("v4/a/b", ITEMS, PATIENT);
        limiter.acquire(turn.with_items(11)).await.unwrap_err();
        limiter.acquire(turn.with_items(10)).await.unwrap();
    }

    /// A scaled minute can still be used up at once, and a scaled second is still spread.
    #[tokio::test(start_paused = true)]
    async fn scaled_windows_are_as_long_as_the_scale_says_and_otherwise_the_same() {
        const MINUTE: &[Quota] = &[Quota::calls(10, 60)];
        for (scale, millis) in [
            (0.01, 603),
            (2.0, 120_600),
            (0.0, 60_300),
            (f64::NAN, 60_300),
        ] {
            let limiter = LocalLimiter::new().time_scale(scale);
            let turn = Turn::new("v4/a/minute", MINUTE, PATIENT);
            let begin = Instant::now();
            for _ in 0..10 {
                limiter.acquire(turn).await.unwrap();
            }
            assert_eq!(begin.elapsed(), Duration::ZERO, "{scale}");
            limiter.acquire(turn).await.unwrap();
            let took = begin.elapsed().as_millis();
            assert!((millis..millis + 2).contains(&took), "{scale}: {took}");
        }
        let limiter = LocalLimiter::new().time_scale(10.0);
        let begin = Instant::now();
        for _ in 0..3 {
            limiter.acquire(turn(PATIENT)).await.unwrap();
        }
        assert!(begin.elapsed() >= Duration::from_millis(100));
    }

    #[tokio::test(start_paused = true)]
    async fn the_edition_decides_which_quotas_hold() {
        const DAILY: &[Quota] = &[
            Quota::calls(3, 86_400).in_edition(Edition::Paid),
            Quota::calls(1, 86_400).in_edition(Edition::Free),
        ];
        for (edition, calls) in [(Edition::Free, 1), (Edition::Paid, 3)] {
            let limiter = LocalLimiter::new();
            let turn = Turn::new("v4/a/b", DAILY, PATIENT).with_edition(edition);
            for _ in 0..calls {
                limiter.acquire(turn).await.unwrap();
            }
            let limited = limiter.acquire(turn).await.unwrap_err();
            assert!(limited.wait > Duration::from_secs(86_000), "{limited}");
        }
        let unset = Turn::new("v4/a/b", DAILY, PATIENT);
        assert_eq!(unset.edition, Edition::Paid);
    }
}
