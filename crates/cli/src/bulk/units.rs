//! Lines that are sent in one call.

use super::{
    job::{Job, Unit},
    rows::{BadLine, Place, Row, Rows},
};
use crate::failure::Failure;

/// The lines of a file, call by call: adjacent lines that share their fields, as many as one call takes. The
/// same file makes the same calls each time.
pub(super) struct Units<'a> {
    job: &'a dyn Job,
    pub(super) rows: Rows,
    /// Read, but not part of the previous call.
    next: Option<Row>,
}

impl<'a> Units<'a> {
    pub(super) fn new(job: &'a dyn Job, rows: Rows) -> Self {
        Self {
            job,
            rows,
            next: None,
        }
    }

    /// Continues with the call whose first line begins there.
    pub(super) fn seek(&mut self, place: Place) -> Result<(), Failure> {
        self.next = None;
        self.rows.seek(place)
    }

    /// The lines of the next call; empty at the end.
    pub(super) fn next(&mut self) -> Result<Option<Unit>, Failure> {
        let first = match self.next.take() {
            Some(row) => row,
            None => match self.read()? {
                Some(row) => row,
                None => return Ok(None),
            },
        };
        let shared = self.job.shared(&first.fields);
        let mut rows = vec![first];
        while rows.len() < self.job.per_call() {
            let Some(row) = self.read()? else { break };
            if self.job.shared(&row.fields) != shared {
                self.next = Some(row);
                break;
            }
            rows.push(row);
        }
        Ok(Some(Unit { rows, shared }))
    }

    fn read(&mut self) -> Result<Option<Row>, Failure> {
        match self.rows.next()? {
            None => Ok(None),
            Some(Ok(row)) => Ok(Some(row)),
            // All lines were valid before anything was sent.
            Some(Err(bad)) => Err(changed(&bad)),
        }
    }
}

fn changed(bad: &BadLine) -> Failure {
    Failure::usage(format!("the file changed while it was being read: {bad}"))
}
