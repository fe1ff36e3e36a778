//! `tencent-chat describe`: shows everything that is known about a command.

use crate::{
    catalogue,
    failure::Failure,
    output::{self, Output, pretty},
    reference::{Operation, Row, Sample, Schema},
};
use serde_json::{Value, json};
use std::fmt::Write as _;
use tencent_chat_types::{Meta, Quota, QuotaUnit, Repeat};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command: its path, the end of its path, or its name
    command: String,
}

pub(crate) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let meta = catalogue::command(&args.command)?;
    let operation = Operation::of_command(meta.path)?;
    let json = described(meta)?;
    output.result(&json, || {
        text(
            meta,
            operation,
            &rows(operation.request()),
            &rows(operation.reply()),
        )
    })
}

/// The whole description.
pub(crate) fn described(meta: &Meta) -> Result<Value, Failure> {
    let operation = Operation::of_command(meta.path)?;
    Ok(json!({
        "command": meta.path,
        "name": meta.name,
        "family": meta.family,
        "title": operation.summary(),
        "description": operation.description(),
        "quotas": meta.quotas.iter().map(|quota| quota_in_words(meta, quota)).collect::<Vec<_>>(),
        "repeat": repeat_in_words(meta),
        "paging": operation.extension("x-paging"),
        "batch": operation.extension("x-batch"),
        "page": operation.extension("x-page"),
        "request": rows_as_json(operation.request()),
        "reply": rows_as_json(operation.reply()),
        "errors": operation.extension("x-error-codes"),
        "samples": samples_of(operation),
    }))
}

/// Only the samples.
pub(crate) fn samples(meta: &Meta) -> Result<Value, Failure> {
    Ok(samples_of(Operation::of_command(meta.path)?))
}

/// Samples of a command or webhook.
pub(crate) fn samples_of(operation: Operation) -> Value {
    json!({
        "request": samples_as_json(&operation.request_samples()),
        "reply": samples_as_json(&operation.reply_samples()),
    })
}

fn rows(schema: Option<Schema>) -> Vec<Row> {
    schema.map(Schema::rows).unwrap_or_default()
}

/// The fields of a request or a reply.
pub(crate) fn rows_as_json(schema: Option<Schema>) -> Vec<Value> {
    let row = |row: &Row| {
        json!({
            "field": row.path, "type": row.kind,
            "required": row.required, "description": row.description,
        })
    };
    rows(schema).iter().map(row).collect()
}

fn samples_as_json(samples: &[Sample]) -> Vec<Value> {
    let sample = |sample: &Sample| json!({ "name": sample.name, "summary": sample.summary, "value": sample.value });
    samples.iter().map(sample).collect()
}

fn text(meta: &Meta, operation: Operation, request: &[Row], reply: &[Row]) -> String {
    let mut text = format!(
        "POST {}  {}\n\n{}\n\n",
        meta.path,
        operation.summary(),
        operation.description()
    );
    let mut facts = vec![[
        "name".to_owned(),
        format!("{} ({})", meta.name, meta.family),
    ]];
    for quota in meta.quotas {
        facts.push(["quota".to_owned(), quota_in_words(meta, quota)]);
    }
    facts.push(["repeating".to_owned(), repeat_in_words(meta)]);
    if !meta.regions.is_empty() {
        facts.push(["regions".to_owned(), meta.regions.join(", ")]);
    }
    if let Some(page) = operation.extension("x-page") {
        let part = |name: &str| page.get(name).map(output::plain).unwrap_or_default();
        facts.push([
            "vendor's page".to_owned(),
            format!("{} of {}", part("id"), part("updated")),
        ]);
    }
    let _ = writeln!(text, "{}\n", output::table(None, facts));
    for (title, rows) in [("Request", request), ("Reply", reply)] {
        let _ = writeln!(text, "{title}\n{}\n", fields(rows));
    }
    let errors = operation
        .extension("x-error-codes")
        .and_then(Value::as_array);
    if let Some(errors) = errors.filter(|errors| !errors.is_empty()) {
        let rows = errors.iter().map(|error| {
            ["code", "name", "meaning"]
                .map(|name| error.get(name).map(output::plain).unwrap_or_default())
        });
        let _ = writeln!(text, "Error codes\n{}\n", output::table(None, rows));
    }
    for (title, sample) in [
        (
            "Sample request",
            operation.request_samples().first().copied(),
        ),
        ("Sample reply", operation.reply_samples().first().copied()),
    ] {
        if let Some(sample) = sample {
            let _ = writeln!(text, "{title}\n{}\n", pretty(sample.value));
        }
    }
    text
}

fn fields(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "  no fields".to_owned();
    }
    let rows = rows.iter().map(|row| {
        let required = if row.required { "required" } else { "" };
        [
            row.path.clone(),
            row.kind.clone(),
            required.to_owned(),
            row.description.clone(),
        ]
    });
    output::table(Some(["field", "type", "", "meaning"]), rows)
}

fn quota_in_words(meta: &Meta, quota: &Quota) -> String {
    let what = match (quota.unit, meta.counted) {
        (QuotaUnit::Items, Some(list)) => format!("entries in {list}"),
        _ => "calls".to_owned(),
    };
    let window = match quota.seconds {
        1 => "per second".to_owned(),
        60 => "per minute".to_owned(),
        3600 => "per hour".to_owned(),
        86_400 => "per day".to_owned(),
        seconds => format!("per {seconds} s"),
    };
    let edition = quota.edition.map_or(String::new(), |edition| {
        format!(" ({} editions)", format!("{edition:?}").to_lowercase())
    });
    format!("{} {what} {window}{edition}", quota.amount)
}

fn repeat_in_words(meta: &Meta) -> String {
    match meta.repeat {
        Repeat::Read => "safe: the command changes nothing".to_owned(),
        Repeat::Idempotent => "safe: a second run has no further effect".to_owned(),
        Repeat::DeduplicatedBy(fields) => {
            let within = meta.duplicate_seconds;
            let within = within.map_or(String::new(), |seconds| format!(" within {seconds} s"));
            format!(
                "safe with the same {}{within}: the service drops the duplicate",
                fields.join(" and ")
            )
        }
        Repeat::IdempotentWith(fields) => format!("safe if {} is set", fields.join(" and ")),
        _ => "not safe: does the work again".to_owned(),
    }
}
