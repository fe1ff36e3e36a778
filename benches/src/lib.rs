//! Compares ways of doing the same work. They take turns, round by round, so that other load on the machine
//! affects all of them alike. Results are ratios of neighboring measurements.
#![allow(clippy::print_stdout, reason = "benchmarks print their results")]

pub mod samples;

use std::time::{Duration, Instant};

/// Does the work so many times.
pub type Work<'a> = &'a mut dyn FnMut(u64);

/// A way of doing the work, and its target.
pub struct Contender<'a> {
    /// Its name in the table.
    pub name: &'static str,
    /// What is expected of it.
    pub goal: Goal,
    /// Does the work.
    pub work: Work<'a>,
}

/// The target for the speed relative to the first contender. Only printed: nothing fails by it.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// No target: it is there for comparison.
    None,
    /// At least this many times as fast.
    Speed(f64),
    /// At most this many times the time.
    Time(f64),
    /// As `Time`, or at least this many per second.
    TimeOrRate(f64, f64),
}

/// How much is measured, and how results are shown.
#[derive(Debug)]
pub struct Harness {
    rounds: usize,
    slice: Duration,
    json: bool,
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
        Self {
            rounds: if measures { 101 } else { 1 },
            slice: Duration::from_millis(if measures { 20 } else { 1 }),
            json: has("--json"),
        }
    }

    /// Whether this is a measurement, and not the short round of `cargo test`.
    pub fn measures(&self) -> bool {
        self.rounds > 1
    }

    /// Whether results are printed as one JSON object per line.
    pub fn is_json(&self) -> bool {
        self.json
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
            self.show(title, contender, rate.median, &speed, cpu.as_ref());
        }
    }

    /// Shows how long single operations took, from microseconds of each; none without a measurement.
    pub fn latencies(&self, title: &str, name: &str, micros: &[u32]) {
        if !self.measures() || micros.is_empty() {
            return;
        }
        let mut sorted = micros.to_vec();
        sorted.sort_unstable();
        let at = |share: f64| {
            let index = (sorted.len() as f64 * share) as usize;
            sorted[index.min(sorted.len() - 1)]
        };
        let (p50, p99, p999) = (at(0.5), at(0.99), at(0.999));
        if self.json {
            let line = serde_json::json!({
                "title": title, "name": name, "operations": sorted.len(),
                "p50_us": p50, "p99_us": p99, "p999_us": p999,
            });
            println!("{line}");
        } else {
            println!("  {name:<34} p50 {p50} us, p99 {p99} us, p99.9 {p999} us");
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

    fn show(
        &self,
        title: &str,
        contender: &Contender<'_>,
        rate: f64,
        speed: &Spread,
        cpu: Option<&Spread>,
    ) {
        let (goal, met) = contender.goal.judge(rate, speed.median);
        if self.json {
            let line = serde_json::json!({
                "title": title,
                "name": contender.name,
                "rounds": self.rounds,
                "per_second": rate,
                "speed": speed.json(),
                "cpu_time": cpu.map(Spread::json),
                "goal": goal,
                "met": met,
            });
            println!("{line}");
            return;
        }
        let cpu = cpu.map(Spread::text).unwrap_or_default();
        let verdict = match met {
            Some(true) => format!("goal {goal}: met"),
            Some(false) => format!("goal {goal}: NOT met"),
            None => String::new(),
        };
        let line = format!(
            "  {:<34} {rate:>12.0} {:>25} {cpu:>25}  {verdict}",
            contender.name,
            speed.text()
        );
        println!("{}", line.trim_end());
    }
}

impl Goal {
    fn judge(self, rate: f64, speed: f64) -> (String, Option<bool>) {
        match self {
            Self::None => (String::new(), None),
            Self::Speed(least) => (format!("speed {least}"), Some(speed >= least)),
            Self::Time(most) => (format!("{most} x the time"), Some(1.0 / speed <= most)),
            Self::TimeOrRate(most, least) => (
                format!("{most} x the time or {least:.0} a second"),
                Some(1.0 / speed <= most || rate >= least),
            ),
        }
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
