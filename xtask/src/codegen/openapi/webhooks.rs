//! Webhooks: what the service asks and reports to the app.

use super::{
    parts::{content, description, examples, page},
    schemas::{Schemas, answer_name, definition},
};
use crate::codegen::{
    model::{Answer, Model, Module, QueryParameter, Webhook, Webhooks},
    names::ACKNOWLEDGEMENT,
};
use serde_json::{Value, json};

/// The tag of a family of webhooks, which is also the name of a family of commands.
pub(super) fn tag(family: &str) -> String {
    format!("webhook_{family}")
}

/// Every webhook by its name on the wire.
pub(super) fn all(model: &Model, schemas: &Schemas<'_>) -> Vec<(String, Value)> {
    let Some(webhooks) = &model.webhooks else {
        return Vec::new();
    };
    (webhooks.events())
        .map(|(module, webhook)| {
            let operation = operation(webhooks, schemas, module, webhook);
            (webhook.command.clone(), json!({ "post": operation }))
        })
        .collect()
}

fn operation(
    webhooks: &Webhooks,
    schemas: &Schemas<'_>,
    module: &Module,
    webhook: &Webhook,
) -> Value {
    let parameter = |p: &QueryParameter| {
        let schema = match &p.value {
            Some(value) => json!({ "type": "string", "const": value }),
            None if p.wire == webhooks.tag => json!({ "type": "string", "const": webhook.command }),
            None if webhooks.enums.iter().any(|def| def.name == p.wire) => {
                schemas.reference(&p.wire)
            }
            None => json!({ "type": "string" }),
        };
        json!({
            "name": p.wire,
            "in": "query",
            "required": p.wire == webhooks.tag,
            "description": p.doc,
            "schema": schema,
        })
    };
    let parameters: Vec<Value> = webhooks.query.iter().map(parameter).collect();
    let reply = match &webhook.answer {
        Some(_) => schemas.reference(&answer_name(module)),
        None => schemas.reference(ACKNOWLEDGEMENT),
    };
    let mut operation = json!({
        "operationId": format!("webhook_{}", module.name),
        "tags": [tag(&webhook.family)],
        "summary": webhook.title,
        "description": description(&webhook.summary, &module.doc),
        "security": [],
        "parameters": parameters,
        "requestBody": {
            "required": true,
            "content": content(
                schemas.reference(&definition(module, &webhook.event)),
                examples(&module.samples, |sample| sample.request.as_ref()),
            ),
        },
        "responses": { "200": {
            "description": "The app's answer.",
            "content": content(reply, examples(&module.samples, |sample| sample.reply.as_ref())),
        } },
        "x-page": page(webhook.page, webhook.updated.as_ref()),
        "x-timeout-seconds": webhooks.timeout_seconds,
    });
    if let Some(from) = &webhook.answer {
        operation["x-answer"] = answer(from);
    }
    operation
}

/// The effect of each answer.
fn answer(answer: &Answer) -> Value {
    let mut out = json!({ "allow": answer.allow });
    if let Some(refuse) = &answer.refuse {
        out["refuse"] = json!({ "code": refuse.code, "doc": refuse.doc });
        if let Some((from, to)) = refuse.codes {
            out["refuse"]["codes"] = json!({ "from": from, "to": to });
        }
    }
    if let Some((code, doc)) = &answer.drop {
        out["drop"] = json!({ "code": code, "doc": doc });
    }
    if let Some((doc, _)) = &answer.change {
        out["change"] = json!(doc);
    }
    if let Some(each) = &answer.each {
        out["each"] = json!({
            "items": each.items.0.wire,
            "key": each.key.wire,
            "results": each.results.0.wire,
            "result_key": each.result_key.wire,
            "code": each.code.wire,
            "info": each.info.wire,
            "codes": { "from": each.codes.0, "to": each.codes.1 },
            "doc": each.doc,
        });
    }
    out
}
