//! Snapshots: everything that the simulator remembers of its app, as a document.

use crate::{
    settings::lock,
    simulator::Simulator,
    store::FORMAT,
    world::{Key, Kind, Part, Row, State},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io;
use tencent_chat_types::text::quoted;

/// Users, groups, messages, relations, pushes and counters of an app, as a document that
/// [`Simulator::load`] takes. Requests, webhooks and faults are not part of it.
///
/// Its format may change with versions. A version loads what it has made itself, and returns an error for anything else.
#[derive(Debug, Serialize, Deserialize)]
pub struct Snapshot {
    format: u32,
    rows: Vec<SnapshotRow>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SnapshotRow {
    kind: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key: Vec<Part>,
    value: Box<RawValue>,
}

impl SnapshotRow {
    fn row(self) -> Result<Row, String> {
        let kind = Kind::ALL.iter().find(|kind| kind.name() == self.kind);
        let kind =
            kind.ok_or_else(|| format!("there is no kind of row \"{}\"", quoted(&self.kind)))?;
        let (kind, parts, value) = (*kind, self.key, self.value);
        let key = Key { kind, parts };
        Ok(Row { key, value })
    }
}

impl Simulator {
    /// Everything that is remembered of the app, at this moment.
    ///
    /// # Errors
    ///
    /// Something could not be written as JSON.
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let everything = lock(&self.shared.state).everything();
        let mut rows = Vec::new();
        for change in everything.list {
            let kind = change.key.kind;
            let row = Row::of(kind, &change.row.unwrap_or_default());
            let row = row.map_err(io::Error::other)?;
            rows.push(SnapshotRow {
                kind: kind.name().to_owned(),
                key: row.key.parts,
                value: row.value,
            });
        }
        let format = FORMAT;
        Ok(Snapshot { format, rows })
    }

    /// Lets what a snapshot holds be what is remembered, in place of everything else.
    ///
    /// # Errors
    ///
    /// The snapshot is one of another version, or was changed to something that makes no sense: then
    /// nothing happens. Or the data folder cannot be written.
    pub fn load(&self, snapshot: Snapshot) -> io::Result<()> {
        let wrong = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
        if snapshot.format != FORMAT {
            let format = snapshot.format;
            let text = format!("the snapshot has format {format}, and this is {FORMAT}");
            return Err(wrong(text));
        }
        let mut rows = Vec::new();
        for row in snapshot.rows {
            rows.push(row.row().map_err(&wrong)?);
        }
        // What others are a part of comes first, and messages in their order.
        rows.sort_by_key(|row| (row.key.kind, row.key.bytes()));
        let mut state = State::default();
        for row in rows {
            let loaded = state.load(&row);
            loaded.map_err(|error| wrong(format!("{}: {error}", row.key.kind.name())))?;
        }
        state.loaded();
        Ok(self.shared.replace(state)?)
    }
}
