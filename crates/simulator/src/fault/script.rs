//! Which fault happens to which request.

use super::kinds::Fault;
use std::collections::{BTreeMap, VecDeque};

/// Most faults that are remembered after they have happened as often as they were to.
const MAX_SPENT: usize = 100;

/// Most bytes of what those answer in place of the service.
const MAX_SPENT_BYTES: usize = 8 << 20;

/// Most faults that can wait for happening at the wish of other programs.
pub(crate) const MAX_WAITING: usize = 10_000;

/// Most bytes of what those answer in place of the service.
pub(crate) const MAX_WAITING_BYTES: usize = 32 << 20;

/// A fault with how often it happens. A [`Fault`] alone happens once.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "it does nothing until it is injected"]
pub struct Injection {
    fault: Fault,
    times: Option<u64>,
    probability: f64,
}

impl Injection {
    /// Happens to a part of the requests only: 0 to 1, such as 0.05; what is not a number counts as 1.
    /// Requests that it does not happen to have the next fault in line. Which ones they are depends on
    /// [`SimulatorBuilder::fault_seed`](crate::SimulatorBuilder::fault_seed) and on the order of the
    /// requests alone.
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = match probability.is_nan() {
            true => 1.0,
            false => probability.clamp(0.0, 1.0),
        };
        self
    }
}

impl Fault {
    /// Lets it happen so many times.
    pub fn times(self, times: u64) -> Injection {
        Injection {
            fault: self,
            times: Some(times),
            probability: 1.0,
        }
    }

    /// Lets it happen until it is cleared.
    pub fn always(self) -> Injection {
        Injection {
            fault: self,
            times: None,
            probability: 1.0,
        }
    }
}

impl From<Fault> for Injection {
    fn from(fault: Fault) -> Self {
        fault.times(1)
    }
}

/// A fault that was injected.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Its number.
    pub id: u64,
    /// The command, or `*` for all without faults of their own.
    pub command: String,
    /// What goes wrong.
    pub fault: Fault,
    /// How often it is to happen; none for any number of times.
    pub times: Option<u64>,
    /// To which part of the requests it happens, 0 to 1.
    pub probability: f64,
    /// How often it has happened.
    pub happened: u64,
}

impl Rule {
    /// How often it is still to happen; none for any number of times.
    pub fn left(&self) -> Option<u64> {
        self.times.map(|times| times.saturating_sub(self.happened))
    }
}

/// The faults in line, by command; `*` stands for all commands.
#[derive(Debug)]
pub(crate) struct Script {
    in_line: BTreeMap<String, VecDeque<Rule>>,
    spent: VecDeque<Rule>,
    last: u64,
    seed: u64,
    random: fastrand::Rng,
}

impl Script {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            in_line: BTreeMap::new(),
            spent: VecDeque::new(),
            last: 0,
            seed,
            random: fastrand::Rng::with_seed(seed),
        }
    }

    pub(crate) fn add(&mut self, command: &str, injection: Injection) -> Rule {
        self.last += 1;
        let rule = Rule {
            id: self.last,
            command: command.to_owned(),
            fault: injection.fault,
            times: injection.times,
            probability: injection.probability,
            happened: 0,
        };
        let line = self.in_line.entry(command.to_owned()).or_default();
        line.push_back(rule.clone());
        rule
    }

    /// Forgets all of them, and begins with the same chances again.
    pub(crate) fn clear(&mut self) {
        self.in_line.clear();
        self.spent.clear();
        self.random = fastrand::Rng::with_seed(self.seed);
    }

    pub(crate) fn remove(&mut self, id: u64) -> Option<Rule> {
        let lines = self.in_line.values_mut().chain([&mut self.spent]);
        for line in lines {
            if let Some(at) = line.iter().position(|rule| rule.id == id) {
                return line.remove(at);
            }
        }
        None
    }

    /// All of them, the oldest first, with the last that are spent.
    pub(crate) fn rules(&self) -> Vec<Rule> {
        let lines = self.in_line.values().chain([&self.spent]);
        let mut rules: Vec<Rule> = lines.flatten().cloned().collect();
        rules.sort_unstable_by_key(|rule| rule.id);
        rules
    }

    /// Whether one more can wait.
    pub(crate) fn has_room_for(&self, fault: &Fault) -> bool {
        let waiting: usize = self.in_line.values().map(VecDeque::len).sum();
        let bytes: usize = self.in_line.values().map(bytes).sum();
        waiting < MAX_WAITING && bytes + fault.bytes() <= MAX_WAITING_BYTES
    }

    /// What goes wrong with the next request of a command.
    pub(crate) fn next(&mut self, command: &str) -> Option<Rule> {
        [command, "*"].into_iter().find_map(|key| self.draw(key))
    }

    fn draw(&mut self, key: &str) -> Option<Rule> {
        let line = self.in_line.get_mut(key)?;
        let random = &mut self.random;
        let mut happens = |rule: &Rule| {
            rule.left() != Some(0) && (rule.probability >= 1.0 || random.f64() < rule.probability)
        };
        let at = line.iter().position(&mut happens)?;
        let rule = line.get_mut(at)?;
        rule.happened += 1;
        let rule = rule.clone();
        if rule.left() == Some(0) {
            line.remove(at);
            if line.is_empty() {
                self.in_line.remove(key);
            }
            self.spent.push_back(rule.clone());
            while self.spent.len() > MAX_SPENT || bytes(&self.spent) > MAX_SPENT_BYTES {
                self.spent.pop_front();
            }
        }
        Some(rule)
    }
}

/// Bytes of what faults answer in place of the service.
fn bytes(rules: &VecDeque<Rule>) -> usize {
    rules.iter().map(|rule| rule.fault.bytes()).sum()
}
