//! Commands as operations.

use super::{
    parts::{content, description, error_code, examples, page, without_nulls},
    schemas::{Schemas, definition},
};
use crate::codegen::{
    model::{
        Endpoint, Errors, Model, Module, Offset, Paging, PagingEnd, PagingStyle, QueryParameter,
        Regions, Repeat,
    },
    names::FAILURE,
    spec::{ItemOrder, Quota},
};
use serde_json::{Map, Value, json};

/// A path for each command, in the order of the documentation.
pub(super) fn paths(model: &Model, schemas: &Schemas<'_>) -> Vec<(String, Value)> {
    let modules = model.families.iter().flat_map(|family| &family.modules);
    modules
        .filter_map(|module| {
            let endpoint = module.endpoint.as_ref()?;
            let operation = operation(model, schemas, module, endpoint);
            Some((format!("/{}", endpoint.path), json!({ "post": operation })))
        })
        .collect()
}

/// Parameters that are arguments of a call: neither fixed, nor set by the client.
pub(super) fn listed(query: &[QueryParameter]) -> impl Iterator<Item = &QueryParameter> {
    (query.iter()).filter(|parameter| parameter.value.is_none() && parameter.role.is_none())
}

pub(super) fn parameter(parameter: &QueryParameter) -> Value {
    json!({
        "name": parameter.wire,
        "in": "query",
        "required": true,
        "description": parameter.doc,
        "schema": { "type": "string" },
    })
}

/// Hosts of some regions, each followed by its standby hosts.
pub(super) fn servers(regions: &Regions, serves: impl Fn(&str) -> bool) -> Vec<Value> {
    let of_region = regions.regions.iter().filter(|region| serves(&region.id));
    of_region
        .flat_map(|region| {
            let hosts = std::iter::once(&region.host).chain(&region.standby_hosts);
            hosts.enumerate().map(|(place, host)| {
                let standby = if place == 0 { "" } else { ", standby" };
                let retired = if region.retired {
                    ", only on older pages"
                } else {
                    ""
                };
                json!({
                    "url": format!("https://{host}"),
                    "description": format!("{}{standby}{retired}", region.name),
                    "x-region": region.id,
                })
            })
        })
        .collect()
}

fn operation(model: &Model, schemas: &Schemas<'_>, module: &Module, endpoint: &Endpoint) -> Value {
    let parameters: Vec<Value> = listed(&model.protocol.query)
        .map(|p| json!({ "$ref": format!("#/components/parameters/{}", p.wire) }))
        .collect();
    let reply = json!({ "anyOf": [
        schemas.reference(&definition(module, &endpoint.reply)),
        schemas.reference(FAILURE),
    ] });
    let mut operation = json!({
        "operationId": format!("{}_{}", endpoint.family, module.name),
        "tags": [endpoint.family],
        "summary": endpoint.title,
        "description": description(&endpoint.summary, &module.doc),
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": content(
                schemas.reference(&definition(module, &endpoint.request)),
                examples(&module.samples, |sample| sample.request.as_ref()),
            ),
        },
        "responses": { "200": {
            "description": "Result of the call; `ErrorCode` is zero on success.",
            "content": content(reply, examples(&module.samples, |sample| sample.reply.as_ref())),
        } },
        "x-page": page(endpoint.page, endpoint.updated.as_ref()),
        "x-repeat": repeat(&endpoint.repeat, endpoint.duplicate_seconds),
        "x-error-codes": error_codes(&model.errors, endpoint),
    });
    if !endpoint.quotas.is_empty() {
        operation["x-quotas"] = endpoint.quotas.iter().map(quota).collect();
    }
    if !endpoint.capacity.is_empty() {
        let bounds = endpoint.capacity.iter().map(|(name, bound)| {
            let said = json!({
                "name": name,
                "value": bound.value.value,
                "of": bound.of.value,
                "code": bound.code.as_ref().map(|code| code.value),
            });
            Value::Object(without_nulls(said))
        });
        operation["x-capacity"] = bounds.collect();
    }
    if let Some(from) = &endpoint.paging {
        operation["x-paging"] = paging(from);
    }
    if !endpoint.regions.is_empty() {
        let serves = |id: &str| endpoint.regions.iter().any(|(known, _)| known == id);
        operation["servers"] = servers(&model.regions, serves).into();
    }
    operation
}

/// How many calls or items are allowed in a window; all quotas of a command apply.
fn quota(quota: &Quota) -> Value {
    let said = json!({
        "calls": quota.calls,
        "items": quota.items,
        "of": quota.of,
        "seconds": quota.seconds,
        "edition": quota.edition,
        "code": quota.code,
    });
    Value::Object(without_nulls(said))
}

fn repeat(repeat: &Repeat, duplicate_seconds: Option<u32>) -> Value {
    match repeat {
        Repeat::Read => json!("read"),
        Repeat::Idempotent => json!("idempotent"),
        Repeat::Unsafe => json!("unsafe"),
        Repeat::DeduplicatedBy(fields) => {
            let said = json!({ "deduplicated_by": fields, "seconds": duplicate_seconds });
            Value::Object(without_nulls(said))
        }
        Repeat::IdempotentWith(fields) => json!({ "idempotent_with": fields }),
    }
}

/// The documented codes, with their meaning in the command's service.
fn error_codes(errors: &Errors, endpoint: &Endpoint) -> Value {
    let service = endpoint.path.split('/').nth(1).unwrap_or_default();
    let row = |(code, note): &(i64, Option<String>)| {
        let mut row = match errors.of_service(*code, service) {
            Some(entry) => error_code(entry),
            None => Map::from_iter([("code".to_owned(), json!(code))]),
        };
        if let Some(note) = note {
            row.insert("note".to_owned(), note.as_str().into());
        }
        let retry_after = endpoint.retry_after.iter().find(|(of, _)| of == code);
        if let Some((_, seconds)) = retry_after {
            row.insert("retry_after".to_owned(), json!(seconds));
        }
        Value::Object(row)
    };
    endpoint.errors.iter().map(row).collect()
}

/// How to request the next page, in the terms of the spec.
fn paging(paging: &Paging) -> Value {
    let items: Vec<&str> = paging
        .items
        .iter()
        .map(|field| field.wire.as_str())
        .collect();
    let offset =
        |offset: &Offset| json!({ "request": offset.request.wire, "total": offset.total.wire });
    let mut out = json!({ "items": items });
    match &paging.style {
        PagingStyle::Cursor(cursor, end, or_offset) => {
            let parts = cursor.iter().map(|part| {
                let mut pair = json!({ "request": part.request.wire, "reply": part.reply.wire });
                if let Some(first) = part.first {
                    pair["first"] = first.into();
                }
                pair
            });
            out["cursor"] = parts.collect();
            out["end"] = paging_end(end);
            if let Some(or_offset) = or_offset {
                out["offset"] = offset(or_offset);
            }
        }
        PagingStyle::Offset(of) => out["offset"] = offset(of),
        PagingStyle::Downwards(request, item) => {
            out["downwards"] = json!({ "request": request.wire, "item": item.wire });
        }
    }
    if let Some(order) = paging.order {
        out["order"] = match order {
            ItemOrder::NewestFirst => "newest_first",
            ItemOrder::OldestFirst => "oldest_first",
        }
        .into();
    }
    if paging.reversed_pages {
        out["reversed_pages"] = true.into();
    }
    if let Some(end) = &paging.early_end {
        out["early_end"] = paging_end(end);
    }
    out
}

fn paging_end(end: &PagingEnd) -> Value {
    match end {
        PagingEnd::FieldEquals(field, value) => {
            json!({ "field_equals": { "field": field.wire, "value": value } })
        }
        PagingEnd::FieldNonzero(field) => json!({ "field_nonzero": field.wire }),
        PagingEnd::CursorZero => json!("cursor_zero"),
        PagingEnd::NoItems => json!("no_items"),
    }
}
