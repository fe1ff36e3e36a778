//! `tencent-chat call`: any command, checked before it is sent.

use crate::{
    catalogue,
    failure::Failure,
    input,
    output::{Output, pretty},
    profile::Connection,
    reference::{Operation, Schema},
};
use serde_json::{Map, Value, json};
use std::{future::Future, path::Path, pin::Pin, time::Duration};
use tencent_chat_client::Client;
use tencent_chat_types::{
    Endpoint, EndpointVisitor, Meta, Paged, PagedVisitor, decode, text::quoted, to_vec,
    visit_endpoint, visit_paged,
};

/// Largest body that is read from a file or from standard input; the service takes less.
const MAX_BODY_BYTES: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command: its path, the end of its path, or its name
    command: String,
    /// Fields of the body: `From_Account=lin`, or `To_Account:=["mei"]` for JSON
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// The body as JSON, `@FILE`, or `-` for standard input; fields are added to it
    #[arg(long, short)]
    body: Option<String>,
    /// Gets all pages, one reply after the other
    #[arg(long)]
    all: bool,
    /// Shows address and body, and sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Sends what documentation does not allow, and commands that have no type here
    #[arg(long)]
    no_check: bool,
    /// Gives up after this time in all, such as `30s`
    #[arg(long, value_parser = humantime::parse_duration)]
    deadline: Option<Duration>,
}

pub(crate) async fn run(
    args: Args,
    connection: &Connection,
    output: &Output,
) -> Result<(), Failure> {
    let meta = match catalogue::command(&args.command) {
        Ok(meta) => Some(meta),
        Err(_) if args.no_check && args.command.split('/').count() == 3 => None,
        Err(failure) => return Err(failure),
    };
    let path = meta.map_or(args.command.as_str(), |meta| meta.path);
    let schema = match meta {
        Some(meta) => Operation::of_command(meta.path)?.request(),
        None => None,
    };
    let body = body(&args, schema)?;
    if !args.no_check
        && let Some(meta) = meta
    {
        check(meta, schema, &body)?;
    }
    let settings = connection.settings()?;
    if args.dry_run {
        let base = match settings.address()? {
            crate::profile::Address::Region(region) => format!("https://{}", region.host),
            crate::profile::Address::Url(url) => url.trim_end_matches('/').to_owned(),
        };
        let url = format!(
            "{base}/{path}?sdkappid={}&identifier={}&usersig=…&random=…&contenttype=json",
            settings.app()?,
            settings.admin()?
        );
        let shown = json!({ "method": "POST", "url": url, "body": body });
        return output.result(&shown, || format!("POST {url}\n\n{}", pretty(&body)));
    }
    let mut builder = settings.builder()?;
    if let Some(deadline) = args.deadline {
        builder = builder.deadline(deadline);
    }
    let client = builder.build()?;
    if args.all {
        return pages(path, &client, &body, output).await;
    }
    let reply = match meta.filter(|_| !args.no_check) {
        Some(meta) => send(meta, &client, &body).await?,
        None => send_raw(path, &client, &body).await?,
    };
    output.result(&reply, || explained(&reply, meta))
}

/// The reply to a body that has been checked.
pub(crate) async fn send(meta: &Meta, client: &Client, body: &Value) -> Result<Value, Failure> {
    let json = serde_json::to_vec(body).unwrap_or_default();
    let json = &json;
    match visit_endpoint(meta.path, Call { client, json }) {
        Some(reply) => reply.await,
        None => send_raw(meta.path, client, body).await,
    }
}

async fn send_raw(path: &str, client: &Client, body: &Value) -> Result<Value, Failure> {
    let reply = client.send_raw(path, body).await?;
    Ok(serde_json::to_value(&reply).unwrap_or_default())
}

/// The reply, and the meaning of codes in it that are not success.
fn explained(reply: &Value, meta: Option<&Meta>) -> String {
    let mut codes = Vec::new();
    codes_of_items(reply, &mut codes);
    codes.sort_unstable();
    codes.dedup();
    let mut text = pretty(reply);
    for code in codes {
        let code = tencent_chat_types::ErrorCode(code);
        let meaning = meta.map_or_else(|| code.meaning(), |meta| meta.meaning_of(code));
        if let Some(meaning) = meaning {
            text.push_str(&format!("\n{code}: {meaning}"));
        }
    }
    text
}

/// Codes of the items that a successful reply reports on.
fn codes_of_items(value: &Value, codes: &mut Vec<i64>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                match value.as_i64().filter(|code| *code != 0) {
                    Some(code) if name == "ResultCode" || name == "ErrorCode" => codes.push(code),
                    _ => codes_of_items(value, codes),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| codes_of_items(item, codes)),
        _ => {}
    }
}

/// The body that the arguments describe.
fn body(args: &Args, schema: Option<Schema>) -> Result<Value, Failure> {
    let text = match args.body.as_deref() {
        None => None,
        Some("-") => Some(input::read_text(None, MAX_BODY_BYTES)?),
        Some(body) => Some(match body.strip_prefix('@') {
            Some(name) => input::read_text(Some(Path::new(name)), MAX_BODY_BYTES)?,
            None => body.to_owned(),
        }),
    };
    let body = text.map_or(Ok(Value::Object(Map::new())), |text| {
        serde_json::from_str(&text).map_err(|error| {
            Failure::usage(format!(
                "the body is not JSON: {}",
                tencent_chat_types::text::without_value(&error.to_string())
            ))
        })
    })?;
    let Value::Object(mut body) = body else {
        return Err(Failure::usage("the body must be a JSON object"));
    };
    set_fields(&mut body, &args.fields, schema)?;
    Ok(Value::Object(body))
}

/// Sets fields as `name=value`, whose kind the schema says, or as `name:=JSON`.
pub(crate) fn set_fields(
    body: &mut Map<String, Value>,
    fields: &[String],
    schema: Option<Schema>,
) -> Result<(), Failure> {
    for field in fields {
        let Some((name, text)) = field.split_once('=') else {
            return Err(
                Failure::usage(format!("\"{}\" is not FIELD=VALUE", quoted(field)))
                    .help("write From_Account=lin, or To_Account:=[\"mei\"] for JSON"),
            );
        };
        let value = match name.strip_suffix(':') {
            Some(_) => from_json(field, text)?,
            None => match schema
                .and_then(|schema| schema.field(name))
                .and_then(Schema::kind)
            {
                Some("string") | None => Value::String(text.to_owned()),
                Some(kind) => of_kind(kind, name, text)?,
            },
        };
        body.insert(name.trim_end_matches(':').to_owned(), value);
    }
    Ok(())
}

/// A value of a kind, by the words of JSON Schema.
pub(crate) fn of_kind(kind: &str, name: &str, text: &str) -> Result<Value, Failure> {
    let value: Option<Value> = serde_json::from_str(text).ok();
    let fits = value.filter(|value| match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    });
    fits.ok_or_else(|| {
        let example = match kind {
            "integer" | "number" => "7",
            "boolean" => "true",
            "array" => "[\"mei\"]",
            _ => "{\"…\": 1}",
        };
        Failure::usage(format!("{name} takes {kind}, not \"{}\"", quoted(text)))
            .help(format!("such as {name}={example}"))
    })
}

fn from_json(field: &str, text: &str) -> Result<Value, Failure> {
    serde_json::from_str(text).map_err(|_| {
        Failure::usage(format!("\"{}\" has no JSON behind :=", quoted(field)))
            .help("write FIELD=VALUE for a plain text")
    })
}

/// Checks a body against everything that is documented of its command.
///
/// # Errors
///
/// What is wrong with it, and what was meant.
pub(crate) fn checked(meta: &'static Meta, body: &Value) -> Result<(), Failure> {
    check(meta, Operation::of_command(meta.path)?.request(), body)
}

/// What the documentation does not allow.
fn check(meta: &'static Meta, schema: Option<Schema>, body: &Value) -> Result<(), Failure> {
    let unknown = schema
        .map(|schema| schema.unknown_fields(body))
        .unwrap_or_default();
    if let Some((path, meant)) = unknown.first() {
        let failure = Failure::usage(format!("{} has no field \"{}\"", meta.path, quoted(path)))
            .help("`--no-check` sends it all the same");
        return Err(failure.meant(*meant));
    }
    let json = serde_json::to_vec(body).unwrap_or_default();
    visit_endpoint(meta.path, Check(&json)).unwrap_or(Ok(()))
}

struct Check<'a>(&'a [u8]);

impl EndpointVisitor for Check<'_> {
    type Output = Result<(), Failure>;

    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output {
        let request = request::<E>(self.0)?;
        request.validate().map_err(|violations| {
            Failure::usage(format!("{}: {violations}", E::META.path)).help(
                "`tencent-chat describe` shows the limits; `--no-check` sends it all the same",
            )
        })
    }
}

/// The body as the type of its command.
pub(crate) fn request<E: Endpoint>(json: &[u8]) -> Result<E, Failure> {
    let decoded = decode::<E>(json).map_err(|error| Failure::usage(error.to_string()))?;
    match decoded.misfits.is_empty() {
        true => Ok(decoded.value),
        false => Err(Failure::usage(format!(
            "{}: values do not fit their fields: {}",
            E::META.path,
            decoded.misfits
        ))),
    }
}

struct Call<'a> {
    client: &'a Client,
    json: &'a [u8],
}

type Reply<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;

impl<'a> EndpointVisitor for Call<'a> {
    type Output = Reply<'a>;

    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output {
        Box::pin(async move {
            let request = request::<E>(self.json)?;
            let answer = self.client.call(request).answer().await?;
            // It was decoded a moment ago; bytes that are not UTF-8 are replaced for showing.
            let shown = || serde_json::to_value(&answer.reply).unwrap_or_default();
            Ok(serde_json::from_slice(&answer.body).unwrap_or_else(|_| shown()))
        })
    }
}

async fn pages(path: &str, client: &Client, body: &Value, output: &Output) -> Result<(), Failure> {
    let json = serde_json::to_vec(body).unwrap_or_default();
    match visit_paged(
        path,
        Pages {
            client,
            json: &json,
            output,
        },
    ) {
        Some(pages) => pages.await,
        None => {
            Err(Failure::usage(format!("{path} does not answer in pages")).help("leave --all out"))
        }
    }
}

struct Pages<'a> {
    client: &'a Client,
    json: &'a [u8],
    output: &'a Output,
}

impl<'a> PagedVisitor for Pages<'a> {
    type Output = Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

    fn visit<E: Paged>(self) -> Self::Output {
        Box::pin(async move {
            let mut pages = self.client.pages(request::<E>(self.json)?);
            while let Some(page) = pages.next_page().await {
                let json = to_vec(&page?).unwrap_or_default();
                let page: Value = serde_json::from_slice(&json).unwrap_or_default();
                self.output.event(&page, || pretty(&page))?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn schema() -> Option<Schema> {
        Operation::of_command("v4/recentcontact/get_contact_group")
            .unwrap()
            .request()
    }

    fn set(field: &str) -> Result<Value, Failure> {
        let mut body = Map::new();
        set_fields(&mut body, &[field.to_owned()], schema())?;
        Ok(Value::Object(body))
    }

    #[test]
    fn a_field_has_the_kind_that_the_documentation_gives_it() {
        assert_eq!(
            set("From_Account=007").unwrap(),
            json!({ "From_Account": "007" })
        );
        assert_eq!(
            set("StartIndex=9040992949").unwrap(),
            json!({ "StartIndex": 9040992949u64 })
        );
        assert_eq!(
            set("Anything:={\"a\":[1]}").unwrap(),
            json!({ "Anything": { "a": [1] } })
        );
        assert_eq!(
            set("From_Account=a=b").unwrap(),
            json!({ "From_Account": "a=b" })
        );
    }

    #[test]
    fn a_field_of_another_kind_is_refused_with_an_example() {
        let text = set("StartIndex=soon").unwrap_err().to_string();
        assert!(
            text.contains("takes integer") && text.contains("StartIndex=7"),
            "{text}"
        );
        assert!(
            set("StartIndex")
                .unwrap_err()
                .to_string()
                .contains("FIELD=VALUE")
        );
        assert!(set("StartIndex:=soon").is_err());
    }

    #[test]
    fn what_the_service_would_refuse_is_not_sent() {
        let check = |body: Value| {
            check(
                catalogue::command("get_contact_group").unwrap(),
                schema(),
                &body,
            )
        };
        let text = |body: Value| check(body).unwrap_err().to_string();
        assert!(text(json!({ "From_Acount": "lin" })).contains("did you mean From_Account?"));
        assert!(text(json!({ "StartIndex": 0 })).contains("From_Account"));
        assert!(text(json!({ "From_Account": ["lin"], "StartIndex": 0 })).contains("From_Account"));
        check(json!({ "From_Account": "lin", "StartIndex": 0 })).unwrap();
    }
}
