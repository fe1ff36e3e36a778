//! What all connections of a server share, and how something is done to the state.

use crate::{
    clock::MovableClock,
    commands::Commands,
    fault::{Injection, Rule, Script},
    gate::{Meter, Usage},
    refusal::Refusal,
    settings::{Quotas, Settings, lock},
    store::{NotWritable, Store},
    traffic::{Cause, Note, Traffic},
    webhooks::{Listener, Webhooks},
    world::{Changes, Context, Events, State, Step},
};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tencent_chat_types::{Edition, webhook::OptPlatform};
use tokio::time::Instant;

/// What all connections of a server share.
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) address: SocketAddr,
    pub(crate) commands: Commands,
    pub(crate) webhooks: Arc<Webhooks>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) clock: Arc<MovableClock>,
    pub(crate) started: Instant,
    pub(crate) state: Mutex<State>,
    /// What keeps the state, where something does.
    pub(crate) store: Option<Store>,
    /// Whether it began with what its folder had kept.
    pub(crate) is_restored: bool,
    pub(crate) faults: Mutex<Script>,
    pub(crate) meter: Mutex<Meter>,
    pub(crate) quotas: Mutex<Option<Quotas>>,
}

/// Who does something, and with what.
pub(crate) struct Actor {
    pub(crate) user: String,
    pub(crate) platform: OptPlatform,
    /// Bytes of the request.
    pub(crate) bytes: usize,
    /// The request, when it is one.
    pub(crate) cause: Option<Arc<Cause>>,
}

impl Shared {
    /// Does something to the state. What it tells the app of waits for being sent in the order of
    /// the changes.
    pub(crate) fn act<R>(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Context<'_>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        self.act_noting(actor, &mut true, act)
    }

    /// As [`act`](Self::act); notes whether something came of it.
    fn act_noting<R>(
        &self,
        actor: &Actor,
        acted: &mut bool,
        act: impl FnOnce(&mut Context<'_>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let app = Listener::new(&self.webhooks, actor.cause.clone());
        self.act_before(actor, app, acted, act)
    }

    /// Does something before an app. Everything that changes the state goes through this, so that what
    /// could not be stored is not acknowledged.
    fn act_before<R>(
        &self,
        actor: &Actor,
        app: Listener,
        acted: &mut bool,
        act: impl FnOnce(&mut Context<'_>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        let app = Arc::new(app);
        let mut state = lock(&self.state);
        self.check_stored()?;
        let mut context = Context {
            state: &mut state,
            operator: &actor.user,
            settings: &self.settings,
            events: Events::new(app.clone(), actor.platform.clone()),
            now: self.settings.signer.now(),
            body_bytes: actor.bytes,
            stored: 0,
            is_duplicate: false,
        };
        let result = act(&mut context);
        *acted = !context.is_duplicate;
        let stored = context.stored;
        let events = context.events.into_list();
        let changes = self.store_changes(&mut state)?;
        if let Some(cause) = &actor.cause {
            cause.add_changes(&changes);
        }
        // Messages that are evicted for lack of room are not a change of this action.
        if state.stored(stored, self.settings.message_memory) {
            self.store_changes(&mut state)?;
        }
        app.tell(events);
        result
    }

    /// Stores what has changed, where somebody does, and answers it.
    fn store_changes(&self, state: &mut State) -> Result<Changes, NotWritable> {
        let changes = state.changes(self.store.is_some());
        if let Some(store) = &self.store {
            store.write(&changes)?;
        }
        Ok(changes)
    }

    /// That the state could be stored so far. Otherwise nothing is acknowledged any more.
    pub(crate) fn check_stored(&self) -> Result<(), NotWritable> {
        self.store.as_ref().map_or(Ok(()), Store::check)
    }

    /// Lets another state be the one that is remembered and stored.
    ///
    /// # Errors
    ///
    /// It cannot be stored. Then nothing happens.
    pub(crate) fn replace(&self, mut new: State) -> Result<(), NotWritable> {
        new.welcome(&self.settings.admins);
        let mut state = lock(&self.state);
        match &self.store {
            Some(store) => store.replace(&new.everything())?,
            // What is there from the beginning is not a change of the next request.
            None => drop(new.changes(false)),
        }
        *state = new;
        Ok(())
    }

    /// As [`act`](Self::act), without asking or telling the app.
    pub(crate) fn act_silently<R>(
        &self,
        actor: &Actor,
        act: impl FnOnce(&mut Context<'_>) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        self.act_before(actor, Listener::deaf(&self.webhooks), &mut true, act)
    }

    /// Does something that the app may be asked about; the state is not locked meanwhile.
    pub(crate) async fn act_asking<R>(
        &self,
        actor: &Actor,
        begin: impl Fn(&mut Context<'_>) -> Result<Step<R>, Refusal>,
    ) -> Result<R, Refusal> {
        let done = self.act_asking_noting(actor, begin).await;
        done.map(|(result, _)| result)
    }

    /// As [`act_asking`](Self::act_asking); answers too whether something came of it.
    pub(crate) async fn act_asking_noting<R>(
        &self,
        actor: &Actor,
        begin: impl Fn(&mut Context<'_>) -> Result<Step<R>, Refusal>,
    ) -> Result<(R, bool), Refusal> {
        let mut acted = true;
        let mut step = self.act_noting(actor, &mut acted, &begin)?;
        loop {
            let (same, answer) = match step {
                Step::Done(result) => return Ok((result, acted)),
                Step::Ask { same, answer } => (same, answer),
            };
            step = match self.webhooks.claim(same) {
                Ok(claim) => {
                    let resume = answer.await;
                    let next = self.act_noting(actor, &mut acted, resume);
                    drop(claim);
                    next?
                }
                Err(mut busy) => {
                    // The end of the other one is what it waits for.
                    let _ = busy.changed().await;
                    self.act_noting(actor, &mut acted, &begin)?
                }
            };
        }
    }

    /// Lets requests of a command fail, or of all.
    pub(crate) fn inject(&self, command: &str, injection: Injection) -> Rule {
        let rule = lock(&self.faults).add(command, injection);
        self.note_fault(rule.clone());
        rule
    }

    pub(crate) fn note_fault(&self, rule: Rule) {
        self.traffic.add_note(Note::Fault(Box::new(rule)));
    }

    /// The time that windows of quotas go by.
    pub(crate) fn quota_time(&self) -> Instant {
        Instant::now() + self.clock.ahead()
    }

    /// Keeps other quotas from now on, or none. Nothing of them is used yet.
    pub(crate) fn set_quotas(&self, quotas: Option<Quotas>) {
        let mut held = lock(&self.quotas);
        lock(&self.meter).clear();
        *held = quotas;
    }

    /// The edition whose quotas are kept, and what is used of them.
    pub(crate) fn quota_usage(&self) -> (Option<Edition>, Vec<Usage>) {
        let Some(quotas) = *lock(&self.quotas) else {
            return (None, Vec::new());
        };
        let now = self.quota_time();
        let usage = lock(&self.meter).usage(quotas, &self.commands.paths(), now);
        (Some(quotas.edition), usage)
    }

    /// Begins anew: state, traffic, faults, what is used of quotas, the clock. Settings stay, and so do
    /// the address for webhooks and the quotas.
    ///
    /// # Errors
    ///
    /// The new state cannot be stored. Then nothing happens.
    pub(crate) fn reset(&self) -> Result<(), NotWritable> {
        self.replace(State::default())?;
        lock(&self.faults).clear();
        lock(&self.meter).clear();
        self.clock.reset();
        self.traffic.clear();
        self.traffic.add_note(Note::Reset);
        Ok(())
    }
}
