//! Names and types of a file's columns, from the published description.

use crate::{catalogue::nearest, failure::Failure, fields::Assignment, reference::Schema};
use serde_json::{Map, Value};
use tencent_chat_types::text::quoted;

/// Columns that a run adds to lines that failed. They are ignored when such a file is read again.
pub(super) const CODE: &str = "code";
/// See [`CODE`].
pub(super) const REASON: &str = "reason";

/// A column that holds text, regardless of the description.
pub(super) const TEXT: &str = "Text";

/// The columns that a job takes.
pub(super) struct Columns {
    known: Vec<(&'static str, Option<Schema>)>,
    /// Columns that are not allowed, each with the reason.
    refused: &'static [(&'static str, &'static str)],
}

/// How a column is treated.
#[derive(Clone, Copy)]
pub(super) enum Column {
    /// A field of the request, with its description unless the job defines the column itself.
    Field(&'static str, Option<Schema>),
    /// Ignored.
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

    /// Adds a column, which holds text unless it has a description.
    pub(super) fn with(mut self, name: &'static str, schema: Option<Schema>) -> Self {
        self.known.push((name, schema));
        self
    }

    /// Disallows columns, each with the reason.
    pub(super) fn without(mut self, refused: &'static [(&'static str, &'static str)]) -> Self {
        self.known
            .retain(|(name, _)| refused.iter().all(|(other, _)| other != name));
        self.refused = refused;
        self
    }

    /// The names, for help texts.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.known.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    }

    /// Looks up a column.
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
            false => format!("valid columns: {}", self.names()),
        };
        Err(
            Failure::usage(format!("there is no column \"{}\"", quoted(name)))
                .help(help)
                .meant(nearest(name, self.known.iter().map(|(name, _)| *name))),
        )
    }

    /// Checks that all fields of a JSON object are known, at every depth.
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

    /// `FIELD=VALUE` arguments, which apply to all lines that don't set the field.
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
