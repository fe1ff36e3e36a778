//! What the columns of a file are called and hold, by the published description.

use crate::{catalogue::nearest, failure::Failure, fields::Assignment, reference::Schema};
use serde_json::{Map, Value};
use tencent_chat_types::text::quoted;

/// What a run adds to lines that failed. They are passed over when such a file is read again.
pub(super) const CODE: &str = "code";
/// See [`CODE`].
pub(super) const REASON: &str = "reason";

/// A column that is a text, whatever the description says of others.
pub(super) const TEXT: &str = "Text";

/// The columns that a job takes.
pub(super) struct Columns {
    known: Vec<(&'static str, Option<Schema>)>,
    /// Columns that lines can't have, with why.
    refused: &'static [(&'static str, &'static str)],
}

/// What a column is.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// A field of the request, with its description unless it's the job's own text.
    Field(&'static str, Option<Schema>),
    /// Passed over.
    Ignored,
}

impl Columns {
    /// The fields of an object.
    pub(super) fn of(schema: Schema) -> Self {
        let fields = schema.names().map(|name| (name, schema.field(name)));
        Self {
            known: fields.collect(),
            refused: &[],
        }
    }

    /// One more, which is a text unless it has a description.
    pub(super) fn with(mut self, name: &'static str, schema: Option<Schema>) -> Self {
        self.known.push((name, schema));
        self
    }

    /// Takes columns out, each with why.
    pub(super) fn without(mut self, refused: &'static [(&'static str, &'static str)]) -> Self {
        self.known
            .retain(|(name, _)| refused.iter().all(|(other, _)| other != name));
        self.refused = refused;
        self
    }

    /// The names, for help.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.known.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// The column of that name.
    pub(super) fn find(&self, name: &str) -> Result<Column, Failure> {
        if let Some((name, schema)) = self.known.iter().find(|(known, _)| *known == name) {
            return Ok(Column::Field(name, *schema));
        }
        if name == CODE || name == REASON {
            return Ok(Column::Ignored);
        }
        if let Some((_, why)) = self.refused.iter().find(|(other, _)| *other == name) {
            return Err(Failure::usage(format!("{name}: {why}")));
        }
        let help = match name.contains([';', '\t']) {
            true => "columns are separated by commas".to_owned(),
            false => format!("it's one of {}", self.names()),
        };
        Err(
            Failure::usage(format!("there is no column \"{}\"", quoted(name)))
                .help(help)
                .meant(nearest(name, self.known.iter().map(|(name, _)| *name))),
        )
    }

    /// The fields of a JSON object, all of them known down to the last.
    pub(super) fn of_object(
        &self,
        object: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Failure> {
        let mut fields = Map::new();
        for (name, value) in object {
            let Column::Field(name, schema) = self.find(name)? else {
                continue;
            };
            let unknown = schema.map(|schema| schema.unknown_fields(value));
            if let Some((path, meant)) = unknown.unwrap_or_default().first() {
                let path = format!("{name}.{path}");
                let problem = format!("there is no field \"{}\"", quoted(&path));
                return Err(Failure::usage(problem).meant(*meant));
            }
            fields.insert(name.to_owned(), value.clone());
        }
        Ok(fields)
    }

    /// `FIELD=VALUE` arguments, which hold for all lines that don't say otherwise.
    pub(super) fn of_arguments(&self, arguments: &[String]) -> Result<Map<String, Value>, Failure> {
        let mut fields = Map::new();
        for argument in arguments {
            let assignment = Assignment::parse(argument)?;
            if let Column::Field(name, schema) = self.find(assignment.field)? {
                fields.insert(name.to_owned(), assignment.value(schema)?);
            }
        }
        Ok(fields)
    }
}
