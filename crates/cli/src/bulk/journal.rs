//! What a run has done so far, in a file next to its input, so that any interrupted run can be resumed: a head that
//! identifies the run, then an entry for each call that begins and for its outcome. A call without an outcome may
//! have been sent.

use super::rows::Place;
use crate::{
    failure::Failure,
    log::{Bad, Log},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::BTreeMap, path::Path};

/// The run to which a journal belongs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Version of the journal format.
    pub(super) version: u32,
    pub(super) job: String,
    pub(super) command: String,
    pub(super) app: u64,
    /// The address that is called.
    pub(super) address: String,
    /// Of the input file.
    pub(super) sha256: String,
    /// Fields for lines that don't set them.
    pub(super) fields: Map<String, Value>,
    pub(super) format: String,
    /// Maximum number of lines per call, which determines where calls begin.
    pub(super) per_call: usize,
    /// Number of lines in the file.
    pub(super) rows: u64,
}

/// Lines counted by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tally {
    pub(super) done: u64,
    pub(super) failed: u64,
    /// May have been sent, and won't be sent again.
    pub(super) uncertain: u64,
}

impl Tally {
    pub(super) fn all(self) -> u64 {
        self.done + self.failed + self.uncertain
    }

    pub(super) fn add(&mut self, other: Self) {
        self.done += other.done;
        self.failed += other.failed;
        self.uncertain += other.uncertain;
    }
}

/// What a run has written to a file, to recognize the file later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    pub(super) bytes: u64,
    /// SHA-256 of those bytes, in hexadecimal digits; empty if there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) sha256: String,
}

/// The state of the files of failed and uncertain lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marks {
    pub(super) failed: Mark,
    pub(super) uncertain: Mark,
}

/// A call that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) call: u64,
    /// Of its first line.
    pub(super) place: Place,
    /// Number of lines.
    pub(super) rows: u64,
    /// When, in milliseconds since 1970.
    pub(super) at: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Head(Head),
    /// A call is about to be sent.
    Begin(Begun),
    /// A call has its final outcome.
    End {
        call: u64,
        lines: Tally,
        files: Marks,
    },
    /// A call that had begun was not sent.
    Undo(u64),
}

/// A call without an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Open {
    pub(super) begun: Begun,
    /// Whether it may have been sent.
    pub(super) maybe_sent: bool,
}

/// The state that a journal records.
#[derive(Debug, Default)]
pub(super) struct Past {
    pub(super) tally: Tally,
    pub(super) files: Marks,
    pub(super) open: BTreeMap<u64, Open>,
    /// The last call that began.
    pub(super) last: Option<Begun>,
}

/// A journal open for writing.
pub(super) struct Journal(Log);

impl Journal {
    /// Reads a journal and continues it, if there is one for this run.
    ///
    /// # Errors
    ///
    /// It belongs to a different run, another process is writing it, or it is damaged.
    pub(super) fn resume(
        path: &Path,
        head: &dyn Fn(u64) -> Head,
        is_durable: bool,
    ) -> Result<Option<(Self, Head, Past)>, Failure> {
        let (mut found, mut past) = (None, Past::default());
        let log = Log::resume(path, is_durable, |entry| match (entry, &found) {
            (Entry::Head(entry), None) => {
                let expected = head(entry.rows);
                if entry != expected {
                    return Err(Bad::Refused(another_run(path, &entry, &expected)));
                }
                found = Some(entry);
                Ok(())
            }
            (Entry::Head(_), Some(_)) => Err(Bad::Damaged("a second head")),
            (_, None) => Err(Bad::Damaged("it has no head")),
            (entry, Some(_)) => past.take(entry).map_err(Bad::Damaged),
        })?;
        Ok(log.zip(found).map(|(log, head)| (Self(log), head, past)))
    }

    /// Starts a journal.
    pub(super) fn create(path: &Path, head: Head, is_durable: bool) -> Result<Self, Failure> {
        Log::create(path, is_durable, &Entry::Head(head)).map(Self)
    }

    /// Records that a call is about to be sent; call [`sync`](Self::sync) before sending it.
    pub(super) fn begin(&mut self, begun: Begun) -> Result<(), Failure> {
        self.0.add(&Entry::Begin(begun))
    }

    /// Records the outcome of a call.
    pub(super) fn end(&mut self, call: u64, lines: Tally, files: Marks) -> Result<(), Failure> {
        self.0.add(&Entry::End { call, lines, files })
    }

    /// Records that a call was not sent.
    pub(super) fn undo(&mut self, call: u64) -> Result<(), Failure> {
        self.0.add(&Entry::Undo(call))
    }

    /// Waits, if that matters for this job, until all entries would survive a crash of the machine.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.0.sync()
    }
}

impl Past {
    fn take(&mut self, entry: Entry) -> Result<(), &'static str> {
        match entry {
            Entry::Head(_) => return Err("a second head"),
            Entry::Begin(begun) => {
                let open = Open {
                    begun,
                    maybe_sent: true,
                };
                self.open.insert(begun.call, open);
                if self.last.is_none_or(|last| last.call < begun.call) {
                    self.last = Some(begun);
                }
            }
            Entry::End { call, lines, files } => {
                let open = self.open.remove(&call);
                open.ok_or("a call has an outcome but never began")?;
                self.tally.add(lines);
                self.files = files;
            }
            Entry::Undo(call) => {
                let open = self.open.get_mut(&call);
                open.ok_or("a call is undone but never began")?.maybe_sent = false;
            }
        }
        Ok(())
    }
}

/// Why a journal doesn't belong to this run.
fn another_run(path: &Path, found: &Head, expected: &Head) -> Failure {
    let shown = path.display();
    let differs = [
        (
            found.version != expected.version,
            "by another version of this program",
        ),
        (found.job != expected.job, "by a different command"),
        (found.command != expected.command, "by a different command"),
        (found.app != expected.app, "for a different app"),
        (found.address != expected.address, "for a different address"),
        (
            found.sha256 != expected.sha256,
            "for the file before it was changed",
        ),
        (
            found.fields != expected.fields,
            "with different FIELD=VALUE arguments",
        ),
        (
            found.format != expected.format,
            "for a different file format",
        ),
    ];
    let how = differs.iter().find(|(differs, _)| *differs);
    let how = how.map_or("by another version of this program", |(_, how)| how);
    Failure::usage(format!("{shown} was written {how}")).help(
        "finish that run first, choose a different --journal, or remove the journal if it no longer matters; \
         all lines are then sent",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use std::path::PathBuf;

    fn head(rows: u64) -> Head {
        Head {
            version: 1,
            job: "import-accounts".into(),
            command: "v4/a/b".into(),
            app: 7,
            address: "here".into(),
            sha256: "00".into(),
            fields: Map::new(),
            format: "csv".into(),
            per_call: 2,
            rows,
        }
    }

    fn begun(call: u64) -> Begun {
        Begun {
            call,
            place: Place {
                offset: 10 * call,
                line: 2 * call + 2,
                row: 2 * call,
            },
            rows: 2,
            at: 1_700_000_000_000,
        }
    }

    const DONE: Tally = Tally {
        done: 2,
        failed: 0,
        uncertain: 0,
    };

    /// A folder, and a journal of three calls: one finished, one not sent, one open.
    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let mut journal = Journal::create(&path, head(9), true).unwrap();
        for call in 0..3 {
            journal.begin(begun(call)).unwrap();
        }
        journal.end(0, DONE, Marks::default()).unwrap();
        journal.undo(1).unwrap();
        (folder, path)
    }

    #[test]
    fn what_is_open_is_known_wherever_the_last_line_is_torn() {
        let (_folder, path) = written();
        let whole = std::fs::read(&path).unwrap();
        let lines: Vec<usize> = (0..=whole.len())
            .filter(|end| *end == 0 || whole[end - 1] == b'\n')
            .collect();
        for cut in 0..=whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let resumed = Journal::resume(&path, &head, false).unwrap();
            let kept = *lines.iter().rfind(|end| **end <= cut).unwrap();
            let Some((journal, found, past)) = resumed else {
                assert_eq!(kept, 0, "{cut}");
                assert!(!path.exists());
                continue;
            };
            drop(journal);
            assert_eq!(found, head(9));
            assert_eq!(std::fs::read(&path).unwrap(), whole[..kept]);
            let entries = lines.iter().filter(|end| **end <= cut).count() - 2;
            assert_eq!(
                past.last.map(|last| last.call),
                (entries as u64).min(3).checked_sub(1)
            );
            let open: Vec<_> = past
                .open
                .values()
                .map(|open| (open.begun.call, open.maybe_sent))
                .collect();
            match entries {
                4 => assert_eq!(open, [(1, true), (2, true)]),
                5 => assert_eq!(open, [(1, false), (2, true)]),
                some => assert_eq!(open.len(), some),
            }
            assert_eq!(
                past.tally,
                if entries >= 4 { DONE } else { Tally::default() }
            );
        }
    }

    #[test]
    fn a_journal_of_another_run_and_a_damaged_one_are_refused() {
        let (_folder, path) = written();
        let other = |rows| Head {
            sha256: "01".into(),
            ..head(rows)
        };
        let refused = |head: &dyn Fn(u64) -> Head| {
            let resumed = Journal::resume(&path, head, false);
            resumed
                .err()
                .map(|failure| failure.to_string())
                .unwrap_or_default()
        };
        assert!(refused(&other).contains("before it was changed"));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("begin", "begun", 1)).unwrap();
        assert!(refused(&head).contains("line 2"), "{}", refused(&head));
        let head_twice = text.lines().next().unwrap().to_owned() + "\n";
        std::fs::write(&path, head_twice.repeat(2)).unwrap();
        assert!(refused(&head).contains("damaged"));
    }

    #[test]
    fn what_is_somebody_elses_stays_as_it_is() {
        let (_folder, path) = written();
        for text in [
            "notes, in one line without an end",
            "notes, in one line\n",
            "{}\n{}\n",
            "{\"head\":\"of lettuce\"}\n",
            "{\"head",
            "\0\0\0\0",
        ] {
            std::fs::write(&path, text).unwrap();
            let resumed = Journal::resume(&path, &head, false);
            if BEGINNING_IS_OURS.contains(&text) {
                assert!(resumed.unwrap().is_none() && !path.exists());
                continue;
            }
            let error = resumed.err().unwrap().to_string();
            assert!(error.contains("was not written by this program"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    /// A head that was cut off.
    const BEGINNING_IS_OURS: [&str; 1] = ["{\"head"];

    proptest::proptest! {
        /// Arbitrary bytes changed in a journal: what is read from it was written by a run.
        #[test]
        fn a_journal_that_was_changed_is_refused_or_was_torn(
            at in 0_usize..600,
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 1..20),
        ) {
            let (_folder, path) = written();
            let whole = std::fs::read(&path).unwrap();
            let mut changed = whole.clone();
            let at = at.min(changed.len());
            changed.splice(at..at, bytes);
            std::fs::write(&path, &changed).unwrap();
            if let Ok(Some((_journal, found, past))) = Journal::resume(&path, &head, false) {
                proptest::prop_assert_eq!(found, head(9));
                proptest::prop_assert!(past.tally.all() <= 2 && past.open.len() <= 4);
            }
        }
    }

    #[test]
    fn two_runs_do_not_share_a_journal() {
        let (_folder, path) = written();
        let first = Journal::resume(&path, &head, false).unwrap();
        let second = Journal::resume(&path, &head, false);
        assert!(second.err().unwrap().to_string().contains("another run"));
        drop(first);
        assert!(Journal::resume(&path, &head, false).unwrap().is_some());
    }
}
