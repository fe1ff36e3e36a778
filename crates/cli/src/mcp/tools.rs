//! The tools that an assistant can call.

use super::target::{Target, changes_nothing, needs_leave};
use crate::{call, catalogue, code, commands, describe, failure::Failure, webhook};
use rmcp::{
    ServerHandler,
    handler::server::{router::tool::ToolRouter, wrapper::Parameters},
    model::{CallToolResult, Implementation, ServerCapabilities, ServerConfig},
    tool, tool_handler, tool_router,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Maximum number of rows in a list, unless the request sets it.
const ROWS: usize = 50;

/// The tools of a server.
#[derive(Clone)]
pub(super) struct Tools {
    target: Arc<Target>,
    router: ToolRouter<Self>,
}

/// Words to look for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Words that must occur in path, name or title, such as "group member"; everything if omitted
    #[serde(default)]
    words: String,
    /// Only commands of this family, such as "message"
    #[serde(default)]
    family: Option<String>,
    /// Maximum number of rows; 50 by default
    #[serde(default)]
    limit: Option<usize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Named {
    /// The command: its path, the end of its path or its name, such as v4/openim/sendmsg, sendmsg or send_msg
    command: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NamedWebhook {
    /// The webhook, such as C2C.CallbackBeforeSendMsg or c2c_before_send_msg
    webhook: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Code {
    /// The number, such as "60010", or words from its name or meaning
    code: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Body {
    /// The command: its path, the end of its path or its name
    command: String,
    /// The body of the request, as describe_command shows it
    #[serde(default)]
    body: Map<String, Value>,
}

/// The result, for the assistant to read either way.
fn answer(result: Result<Value, Failure>) -> CallToolResult {
    match result {
        Ok(value) => CallToolResult::structured(value),
        Err(failure) => CallToolResult::structured_error(failure.as_json()),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// The first of many, and the total number.
fn rows(name: &str, mut rows: Vec<Value>, limit: Option<usize>) -> Value {
    let all = rows.len();
    rows.truncate(limit.unwrap_or(ROWS));
    let mut value = Map::new();
    value.insert("found".to_owned(), json!(all));
    value.insert(name.to_owned(), Value::Array(rows));
    Value::Object(value)
}

fn as_rows<T: serde::Serialize>(rows: &[T]) -> Vec<Value> {
    let rows = rows.iter().map(serde_json::to_value);
    // These structs hold only strings and numbers.
    rows.map(Result::unwrap_or_default).collect()
}

#[tool_router(router = router)]
impl Tools {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target: Arc::new(target),
            router: Self::router(),
        }
    }

    /// Lists and searches the commands of the server API: path, name, family, title.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn search_commands(&self, Parameters(asked): Parameters<Search>) -> CallToolResult {
        let found = commands::find(&words(&asked.words), asked.family.as_deref());
        answer(found.map(|found| rows("commands", as_rows(&found), asked.limit)))
    }

    /// Everything that is known about a command: meaning, fields with limits, quotas, error codes, samples, whether it
    /// changes something, and whether calling it on a real app needs permission.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn describe_command(&self, Parameters(asked): Parameters<Named>) -> CallToolResult {
        let described = catalogue::command(&asked.command).and_then(|meta| {
            let mut described = describe::described(meta)?;
            described["changes_nothing"] = json!(changes_nothing(meta));
            described["needs_leave"] = json!(needs_leave(meta)?);
            Ok(described)
        });
        answer(described)
    }

    /// Samples of a command's request and reply.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn command_samples(&self, Parameters(asked): Parameters<Named>) -> CallToolResult {
        answer(catalogue::command(&asked.command).and_then(describe::samples))
    }

    /// The meaning of an error code of the service, who must act, and whether a retry helps.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn explain_code(&self, Parameters(asked): Parameters<Code>) -> CallToolResult {
        let found = code::find(&words(&asked.code));
        answer(found.map(|found| rows("codes", as_rows(&found), None)))
    }

    /// Lists and searches the webhooks: what the service asks and reports to an app.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn search_webhooks(&self, Parameters(asked): Parameters<Search>) -> CallToolResult {
        let found = webhook::find(&words(&asked.words), asked.family.as_deref());
        answer(found.map(|found| rows("webhooks", found, asked.limit)))
    }

    /// Everything that is known about a webhook: when it is sent, fields, samples of event and answer.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn describe_webhook(
        &self,
        Parameters(asked): Parameters<NamedWebhook>,
    ) -> CallToolResult {
        answer(catalogue::webhook(&asked.webhook).and_then(webhook::described))
    }

    /// Checks a request body against everything that is documented, and sends nothing.
    #[tool(annotations(read_only_hint = true, open_world_hint = false))]
    async fn validate_body(&self, Parameters(asked): Parameters<Body>) -> CallToolResult {
        let checked = catalogue::command(&asked.command).and_then(|meta| {
            call::checked(meta, &Value::Object(asked.body))?;
            Ok(json!({ "command": meta.path, "valid": true }))
        });
        answer(checked)
    }

    /// Calls a command if its body is valid: on a simulator with demo data, or on the app that this
    /// server was started for.
    #[tool(annotations(read_only_hint = false, open_world_hint = true))]
    async fn call_command(&self, Parameters(asked): Parameters<Body>) -> CallToolResult {
        answer(self.call(&asked.command, Value::Object(asked.body)).await)
    }

    async fn call(&self, command: &str, body: Value) -> Result<Value, Failure> {
        let meta = catalogue::command(command)?;
        let client = self.target.client_for(meta)?;
        call::checked(meta, &body)?;
        let reply = call::send(meta, client, &body).await?;
        // Numbers that the protocol's library can't hold, such as one of 400 digits, are sent as text.
        let text = || Value::String(reply.text().into_owned());
        let reply = reply.parse().unwrap_or_else(|_| text());
        Ok(json!({
            "command": meta.path,
            "called": self.target.name(),
            "is_simulator": self.target.is_simulator(),
            "reply": reply,
        }))
    }
}

#[tool_handler(router = self.router)]
impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().build();
        ServerConfig::new(capabilities)
            .with_server_info(Implementation::new("tencent-chat", env!("CARGO_PKG_VERSION")))
            .with_instructions(format!(
                "The server API of Tencent Cloud Chat (formerly Tencent IM): commands, webhooks, error codes, and calls. \
                 Search for a command, describe it, write a body like its samples, validate it, then call it. Calls go to \
                 {}.",
                self.target.name()
            ))
    }
}
