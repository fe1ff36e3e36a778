//! Compares ways of doing the same work. They take turns, round by round, so that other load on the machine
//! affects all of them alike. Results are ratios of neighboring measurements.
#![allow(clippy::print_stdout, reason = "benchmarks print their results")]

pub mod derived;
pub mod loopback;
pub mod samples;

use serde::Serialize;
use std::{
    fmt,
    time::{Duration, Instant},
};

/// Does the work so many times.
pub type Work<'a> = &'a mut dyn FnMut(u64);

/// A way of doing the work, and its targets.
pub struct Contender<'a> {
    /// Its name in the table.
    pub name: &'a str,
    /// What is expected of it; nothing, if it is there for comparison.
    pub goals: &'static [Goal],
    /// Does the work.
    pub work: Work<'a>,
}

/// A target, mostly relative to the first contender. Only printed: nothing fails by it.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At least this many times as fast.
    Speed(f64),
    /// At least this many times as fast as the contender of that name.
    SpeedOf(&'static str, f64),
    /// At most this many times the time.
    Time(f64),
    /// At most this many times the processor time.
    Cpu(f64),
    /// At least this many per second.
    Rate(f64),
    /// As `Time`, or at least this many per second.
    TimeOrRate(f64, f64),
}

/// A target, what was measured, and whether that is enough.
#[derive(Clone, Debug, Serialize)]
pub struct Verdict {
    goal: String,
    figure: String,
    met: bool,
}

impl Verdict {
    /// A figure that is to be this much or more.
    pub fn at_least(what: &str, least: f64, figure: f64) -> Self {
        Self {
            goal: format!("{what} >= {}", short(least)),
            figure: short(figure),
            met: figure >= least,
        }
    }

    /// A figure that is to be this much or less.
    pub fn at_most(what: &str, most: f64, figure: f64) -> Self {
        Self {
            goal: format!("{what} <= {}", short(most)),
            figure: short(figure),
            met: figure <= most,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let met = if self.met { "met" } else { "NOT met" };
        write!(f, "{}: {}, {met}", self.goal, self.figure)
    }
}

/// Three digits of what is small, none after the point of what is large.
fn short(figure: f64) -> String {
    let text = match figure.abs() {
        ..10.0 => format!("{figure:.3}"),
        ..100.0 => format!("{figure:.1}"),
        _ => return format!("{figure:.0}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// How much is measured, and how results are shown.
#[derive(Debug)]
pub struct Harness {
    rounds: usize,
    slice: Duration,
    json: bool,
    growth: bool,
}

/// Seconds for one operation.
struct Sample {
    wall: f64,
    cpu: Option<f64>,
}

impl Harness {
    /// `cargo bench` passes `--bench`; `cargo test` does not, and gets one short round that only shows
    /// that the benchmark works.
    pub fn from_args() -> Self {
        let has = |name: &str| std::env::args().any(|argument| argument == name);
        let measures = has("--bench") && !has("--test");
        let growth = has("--growth");
        Self {
            rounds: match (measures, growth) {
                (false, _) => 1,
                (true, false) => 101,
                // Many sizes, whose curve is what counts.
                (true, true) => 21,
            },
            slice: Duration::from_millis(if measures { 20 } else { 1 }),
            json: has("--json"),
            growth,
        }
    }

    /// Fewer rounds, for work that takes longer than a slice.
    #[must_use]
    pub fn rounds(mut self, rounds: usize) -> Self {
        self.rounds = self.rounds.min(rounds);
        self
    }

    /// Whether this is a measurement, and not the short round of `cargo test`.
    pub fn measures(&self) -> bool {
        self.rounds > 1
    }

    /// Whether results are printed as one JSON object per line.
    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether to measure how the cost grows (`--growth`), instead of comparing.
    pub fn is_growth(&self) -> bool {
        self.growth
    }

    /// Measures the same work at several sizes. Each round has all of them.
    pub fn grow<'a>(
        &self,
        title: &str,
        sizes: &[u64],
        prepare: impl FnMut(&u64) -> Box<dyn FnMut(u64) + 'a>,
    ) {
        let names: Vec<String> = sizes.iter().map(u64::to_string).collect();
        let mut works: Vec<_> = sizes.iter().map(prepare).collect();
        let contenders = names.iter().zip(&mut works);
        let mut contenders: Vec<_> = contenders
            .map(|(name, work)| Contender {
                name,
                goals: &[],
                work,
            })
            .collect();
        self.compare(title, &mut contenders);
    }

    /// Measures all contenders against the first.
    pub fn compare(&self, title: &str, contenders: &mut [Contender<'_>]) {
        // As many operations as the slowest contender can do in its slice.
        let counts = (contenders.iter_mut()).map(|contender| self.operations(contender.work));
        let count = counts.min().unwrap_or(1);
        let mut samples: Vec<Vec<Sample>> = contenders.iter().map(|_| Vec::new()).collect();
        for round in 0..self.rounds {
            let mut order: Vec<usize> = (0..contenders.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for index in order {
                let sample = measure(contenders[index].work, count);
                samples[index].push(sample);
            }
        }
        if !self.json {
            println!("\n{title}");
            println!(
                "  {:<34} {:>12} {:>25} {:>25}",
                "", "a second", "speed (min..max)", "CPU time (min..max)"
            );
        }
        for (contender, own) in contenders.iter().zip(&samples) {
            let pairs = || samples[0].iter().zip(own);
            let rate = Spread::of(own.iter().map(|sample| 1.0 / sample.wall));
            let speed = Spread::of(pairs().map(|(first, own)| first.wall / own.wall));
            let cpu = pairs().map(|(first, own)| Some(own.cpu? / first.cpu?));
            let cpu: Option<Vec<f64>> = cpu.collect();
            let cpu = cpu.map(|ratios| Spread::of(ratios.into_iter()));
            let speed_of = |name: &str| {
                let other = contenders.iter().position(|other| other.name == name)?;
                let pairs = samples[other].iter().zip(own);
                Some(Spread::of(pairs.map(|(other, own)| other.wall / own.wall)).median)
            };
            let judge = |goal: &Goal| {
                let cpu = cpu.as_ref().map(|cpu| cpu.median);
                goal.judge(rate.median, speed.median, cpu, speed_of)
            };
            let measured = Measured {
                name: contender.name,
                rate: rate.median,
                verdicts: contender.goals.iter().filter_map(judge).collect(),
                speed,
                cpu,
            };
            self.show(title, &measured);
        }
    }

    /// Shows how long single operations took, from microseconds of each; none without a measurement. The 99th
    /// percentile is to be at most this many times that of the first.
    pub fn latencies(&self, title: &str, most: f64, contenders: &[(&str, &[u32])]) {
        if !self.measures() {
            return;
        }
        let mut first = None;
        for (name, micros) in contenders {
            let mut sorted = micros.to_vec();
            sorted.sort_unstable();
            let at = |share: f64| {
                let index = (sorted.len() as f64 * share) as usize;
                sorted.get(index.min(sorted.len().saturating_sub(1)))
            };
            let (Some(p50), Some(p99), Some(p999)) = (at(0.5), at(0.99), at(0.999)) else {
                continue;
            };
            let ratio = first.map(|first: f64| f64::from(*p99) / first);
            let verdicts: Vec<Verdict> = ratio
                .map(|ratio| Verdict::at_most("p99", most, ratio))
                .into_iter()
                .collect();
            first = first.or(Some(f64::from(*p99)));
            if self.json {
                let line = serde_json::json!({
                    "title": title, "name": name, "operations": sorted.len(),
                    "p50_us": p50, "p99_us": p99, "p999_us": p999, "goals": verdicts,
                });
                println!("{line}");
            } else {
                let verdict = joined(&verdicts);
                let line =
                    format!("  {name:<34} p50 {p50} us, p99 {p99} us, p99.9 {p999} us  {verdict}");
                println!("{}", line.trim_end());
            }
        }
    }

    fn operations(&self, work: Work<'_>) -> u64 {
        let mut count = 1;
        // The shortest of three, so that one disturbance does not shorten all slices.
        while (0..3)
            .map(|_| measure(work, count).wall * count as f64)
            .any(|took| took * 2.0 < self.slice.as_secs_f64())
        {
            count *= 2;
        }
        count
    }

    fn show(&self, title: &str, measured: &Measured<'_>) {
        let Measured {
            name,
            rate,
            speed,
            cpu,
            verdicts,
        } = measured;
        if self.json {
            let line = serde_json::json!({
                "title": title,
                "name": name,
                "rounds": self.rounds,
                "per_second": rate,
                "speed": speed.json(),
                "cpu_time": cpu.as_ref().map(Spread::json),
                "goals": verdicts,
            });
            println!("{line}");
            return;
        }
        let cpu = cpu.as_ref().map(Spread::text).unwrap_or_default();
        let line = format!(
            "  {name:<34} {rate:>12.0} {:>25} {cpu:>25}  {}",
            speed.text(),
            joined(verdicts)
        );
        println!("{}", line.trim_end());
    }
}

/// What all rounds of one contender say.
struct Measured<'a> {
    name: &'a str,
    rate: f64,
    speed: Spread,
    cpu: Option<Spread>,
    verdicts: Vec<Verdict>,
}

fn joined(verdicts: &[Verdict]) -> String {
    let texts: Vec<String> = verdicts.iter().map(Verdict::to_string).collect();
    texts.join("; ")
}

impl Goal {
    /// None where the system does not say what the goal is about.
    fn judge(
        self,
        rate: f64,
        speed: f64,
        cpu: Option<f64>,
        speed_of: impl Fn(&str) -> Option<f64>,
    ) -> Option<Verdict> {
        Some(match self {
            Self::Speed(least) => Verdict::at_least("speed", least, speed),
            Self::SpeedOf(other, least) => {
                Verdict::at_least(&format!("speed of {other}"), least, speed_of(other)?)
            }
            Self::Time(most) => Verdict::at_most("time", most, 1.0 / speed),
            Self::Cpu(most) => Verdict::at_most("CPU time", most, cpu?),
            Self::Rate(least) => Verdict::at_least("per second", least, rate),
            Self::TimeOrRate(most, least) => Verdict {
                goal: format!("time <= {} or per second >= {}", short(most), short(least)),
                figure: format!("{} or {}", short(1.0 / speed), short(rate)),
                met: 1.0 / speed <= most || rate >= least,
            },
        })
    }
}

/// The median of many values, and their extremes.
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_unstable_by(f64::total_cmp);
        Self {
            median: values[values.len() / 2],
            least: values[0],
            most: values[values.len() - 1],
        }
    }

    fn text(&self) -> String {
        format!("{:.3} ({:.2}..{:.2})", self.median, self.least, self.most)
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({ "median": self.median, "min": self.least, "max": self.most })
    }
}

fn measure(work: Work<'_>, count: u64) -> Sample {
    let cpu = thread_cpu();
    let began = Instant::now();
    work(count);
    let wall = began.elapsed();
    let cpu = cpu.and_then(|before| thread_cpu()?.checked_sub(before));
    Sample {
        wall: wall.as_secs_f64() / count as f64,
        cpu: cpu.map(|cpu| cpu.as_secs_f64() / count as f64),
    }
}

/// Processor time of this thread. Without such a clock the column stays empty.
fn thread_cpu() -> Option<Duration> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Duration::try_from(time).ok()
    }
    #[cfg(not(unix))]
    None
}
