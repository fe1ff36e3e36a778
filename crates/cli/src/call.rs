//! `tencent-chat call`: calls any command, after checking the body.

use crate::{
    catalogue,
    failure::Failure,
    fields, input,
    output::{Output, as_it_came, pretty},
    profile::Connection,
    reference::{Operation, Schema},
};
use serde_json::{Map, Value, json, value::RawValue};
use std::{collections::BTreeMap, future::Future, path::Path, pin::Pin, time::Duration};
use tencent_chat_client::Client;
use tencent_chat_types::{
    Endpoint, EndpointVisitor, ErrorCode, Meta, Paged, PagedVisitor, Reply, decode, text::quoted,
    to_vec, visit_endpoint, visit_paged, wire::Raw,
};

/// Maximum size of a body read from a file or standard input; the service accepts less.
const MAX_BODY_BYTES: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The command: its path, the end of its path, or its name
    command: String,
    /// Fields of the body: `From_Account=lin`, or `To_Account:=["mei"]` for JSON
    #[arg(value_name = "FIELD=VALUE")]
    fields: Vec<String>,
    /// The body as JSON, `@FILE`, or `-` for standard input; FIELD=VALUE arguments are added to it
    #[arg(long, short)]
    body: Option<String>,
    /// Fetches all pages and prints one reply after the other
    #[arg(long)]
    all: bool,
    /// Shows the address and the body, and sends nothing
    #[arg(long)]
    dry_run: bool,
    /// Sends what the documentation doesn't allow, and commands that have no type here
    #[arg(long)]
    no_check: bool,
    /// Overall timeout, such as `30s`
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

/// Sends a checked body and returns the reply unchanged.
pub(crate) async fn send(meta: &Meta, client: &Client, body: &Value) -> Result<Raw, Failure> {
    let json = serde_json::to_vec(body).unwrap_or_default();
    let json = &json;
    match visit_endpoint(meta.path, Call { client, json }) {
        Some(reply) => reply.await,
        None => send_raw(meta.path, client, body).await,
    }
}

async fn send_raw(path: &str, client: &Client, body: &Value) -> Result<Raw, Failure> {
    Ok(written(&client.send_raw(path, body).await?))
}

/// The original text of a decoded reply.
fn written(reply: &impl Reply) -> Raw {
    let json = to_vec(reply).ok();
    json.and_then(|json| as_it_came(&json)).unwrap_or_default()
}

/// The reply, and the meaning of any error codes in it.
fn explained(reply: &Raw, meta: Option<&Meta>) -> String {
    let mut codes = Vec::new();
    codes_of_items(&reply.text(), 0, &mut codes);
    codes.sort_unstable();
    codes.dedup();
    let mut text = pretty(reply);
    for code in codes {
        let code = ErrorCode(code);
        let meaning = meta.map_or_else(|| code.meaning(), |meta| meta.meaning_of(code));
        if let Some(meaning) = meaning {
            text.push_str(&format!("\n{code}: {meaning}"));
        }
    }
    text
}

/// Maximum depth at which codes are looked for.
const DEPTH: u32 = 8;

/// Codes of the items that a successful reply reports on. Nothing else is searched, so that nothing odd hides them.
fn codes_of_items(json: &str, depth: u32, codes: &mut Vec<i64>) {
    if depth >= DEPTH {
        return;
    }
    if let Ok(object) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) {
        for (name, value) in object {
            // Numbers may arrive as strings.
            let code = value.get().trim_matches('"').parse();
            match code.ok().filter(|code| *code != 0) {
                Some(code) if name == "ResultCode" || name == "ErrorCode" => codes.push(code),
                _ => codes_of_items(value.get(), depth + 1, codes),
            }
        }
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        for item in items {
            codes_of_items(item.get(), depth + 1, codes);
        }
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
                "the body is not valid JSON: {}",
                tencent_chat_types::text::without_value(&error.to_string())
            ))
        })
    })?;
    let Value::Object(mut body) = body else {
        return Err(Failure::usage("the body must be a JSON object"));
    };
    fields::set(&mut body, &args.fields, schema)?;
    Ok(Value::Object(body))
}

/// Checks a body against everything that is documented about its command.
///
/// # Errors
///
/// What is wrong with it, and what was probably meant.
pub(crate) fn checked(meta: &'static Meta, body: &Value) -> Result<(), Failure> {
    check(meta, Operation::of_command(meta.path)?.request(), body)
}

/// Finds what the documentation doesn't allow.
fn check(meta: &'static Meta, schema: Option<Schema>, body: &Value) -> Result<(), Failure> {
    let unknown = schema
        .map(|schema| schema.unknown_fields(body))
        .unwrap_or_default();
    if let Some((path, meant)) = unknown.first() {
        let failure = Failure::usage(format!("{} has no field \"{}\"", meta.path, quoted(path)))
            .help("`--no-check` sends it anyway");
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
            Failure::usage(format!("{}: {violations}", E::META.path))
                .help("`tencent-chat describe` shows the limits; `--no-check` sends it anyway")
        })
    }
}

/// The body as the type of its command.
pub(crate) fn request<E: Endpoint>(json: &[u8]) -> Result<E, Failure> {
    let decoded = decode::<E>(json).map_err(|error| Failure::usage(error.to_string()))?;
    match decoded.misfits.is_empty() {
        true => Ok(decoded.value),
        false => Err(Failure::usage(format!(
            "{}: values have the wrong type: {}",
            E::META.path,
            decoded.misfits
        ))),
    }
}

struct Call<'a> {
    client: &'a Client,
    json: &'a [u8],
}

type Replying<'a> = Pin<Box<dyn Future<Output = Result<Raw, Failure>> + Send + 'a>>;

impl<'a> EndpointVisitor for Call<'a> {
    type Output = Replying<'a>;

    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) -> Self::Output {
        Box::pin(async move {
            let request = request::<E>(self.json)?;
            let answer = self.client.call(request).answer().await?;
            Ok(as_it_came(&answer.body).unwrap_or_else(|| written(&answer.reply)))
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
        None => Err(Failure::usage(format!("{path} is not paged")).help("omit --all")),
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
                let page = written(&page?);
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
