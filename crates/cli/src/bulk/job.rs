//! The bulk jobs: which columns their lines have and which calls they make.

use super::{
    columns::{Columns, TEXT},
    rows::{Place, Row},
};
use crate::{
    call,
    failure::Failure,
    reference::{Operation, Schema},
};
use serde_json::{Map, Value, json};
use std::{future::Future, marker::PhantomData, pin::Pin};
use tencent_chat_client::{Client, Error, ErrorKind, ItemOutcome, PartOutcome, Sent};
use tencent_chat_types::{
    Batched, Endpoint, ErrorClass, ErrorRepeat, Meta,
    account::{DeleteAccounts, ImportAccounts},
    group::AddGroupMembers,
    message::SendMsg,
    validate::Validate as _,
};
use tokio::sync::watch;

type Fields = Map<String, Value>;

/// The lines of one call.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) rows: Vec<Row>,
    /// Fields that all lines share: those of the request outside its list.
    pub(super) shared: Fields,
}

impl Unit {
    /// Where its first line begins.
    pub(super) fn place(&self) -> Option<Place> {
        self.rows.first().map(|row| row.place)
    }
}

/// A call to be sent.
pub(super) struct Outgoing<'a> {
    pub(super) client: &'a Client,
    pub(super) unit: &'a Unit,
    /// SHA-256 of the file, in hexadecimal digits.
    pub(super) hash: &'a str,
    /// Whether to stop sending.
    pub(super) stop: watch::Receiver<bool>,
}

/// The outcome of a call.
pub(super) enum Answer {
    /// There is an answer for each line.
    Settled(Vec<Fate>),
    /// The service refused the whole call, because of its lines or because the service itself failed.
    Refused {
        code: Option<i64>,
        reason: String,
        /// Whether the service failed: other lines would fail too, and it may have acted on this call.
        is_outage: bool,
    },
    /// Nothing was sent because the run is stopping.
    NotSent,
    /// The run must stop.
    Stop {
        failure: Failure,
        /// Whether the service may have acted.
        maybe_acted: bool,
    },
}

/// The outcome of a line.
pub(super) enum Fate {
    Done,
    Failed { code: Option<i64>, reason: String },
}

pub(super) type Calling<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

/// A bulk job.
pub(super) trait Job {
    /// Its name on the command line.
    fn name(&self) -> &'static str;
    /// The command that it calls.
    fn meta(&self) -> &'static Meta;
    /// Maximum number of lines per call.
    fn per_call(&self) -> usize;
    /// The columns of a line.
    fn columns(&self) -> Result<Columns, Failure>;
    /// The fields that all lines of a call share.
    fn shared(&self, fields: &Fields) -> Fields;
    /// Checks that a line could be sent.
    fn check(&self, fields: &Fields) -> Result<(), Failure>;
    /// Sends the lines of a call.
    fn call<'a>(&'a self, outgoing: Outgoing<'a>) -> Calling<'a>;
}

/// A job whose lines become the entries of a list.
struct Lists<E> {
    name: &'static str,
    /// Wire name of the list.
    list: &'static str,
    /// Wire names of the fields that all lines of a call share.
    shared: &'static [&'static str],
    request: PhantomData<fn() -> E>,
}

/// Creates accounts, or updates existing ones.
pub(super) fn import_accounts() -> impl Job {
    Lists::<ImportAccounts> {
        name: "import-accounts",
        list: "AccountList",
        shared: &[],
        request: PhantomData,
    }
}

/// Deletes accounts permanently.
pub(super) fn delete_accounts() -> impl Job {
    Lists::<DeleteAccounts> {
        name: "delete-accounts",
        list: "DeleteItem",
        shared: &[],
        request: PhantomData,
    }
}

/// Adds users to groups.
pub(super) fn add_members() -> impl Job {
    Lists::<AddGroupMembers> {
        name: "add-members",
        list: "MemberList",
        shared: &["GroupId", "Silence"],
        request: PhantomData,
    }
}

/// Sends one message per line.
pub(super) fn send() -> impl Job {
    Messages
}

fn request_schema(meta: &Meta) -> Result<Schema, Failure> {
    let schema = Operation::of_command(meta.path)?.request();
    schema.ok_or_else(|| Failure::usage(format!("{} has no request body", meta.path)))
}

impl<E: Batched> Lists<E> {
    /// The request with these entries.
    fn request<'a>(
        &self,
        shared: &Fields,
        entries: impl Iterator<Item = &'a Fields>,
    ) -> Result<E, Failure> {
        let mut body = shared.clone();
        let own = |fields: &Fields| -> Fields {
            let own = fields.iter();
            own.filter(|(name, _)| !self.shared.contains(&name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let entries = entries.map(|fields| Value::Object(own(fields)));
        body.insert(self.list.to_owned(), entries.collect());
        let json = serde_json::to_vec(&body).unwrap_or_default();
        call::request(&json)
    }
}

impl<E: Batched> Job for Lists<E> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn meta(&self) -> &'static Meta {
        E::META
    }

    fn per_call(&self) -> usize {
        E::MAX
    }

    fn columns(&self) -> Result<Columns, Failure> {
        let request = request_schema(E::META)?;
        let items = request.field(self.list).and_then(Schema::items);
        let items = items
            .ok_or_else(|| Failure::usage("its list is missing from the published description"))?;
        let columns = Columns::of(items);
        Ok(self.shared.iter().fold(columns, |columns, name| {
            columns.with(name, request.field(name))
        }))
    }

    fn shared(&self, fields: &Fields) -> Fields {
        let shared = self.shared.iter();
        shared
            .filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.clone())))
            .collect()
    }

    fn check(&self, fields: &Fields) -> Result<(), Failure> {
        let request = self.request(&self.shared(fields), [fields].into_iter())?;
        request.validate().map_err(|violations| {
            let inside = format!("{}[0].", self.list);
            Failure::usage(violations.to_string().replace(&inside, ""))
        })
    }

    fn call<'a>(&'a self, outgoing: Outgoing<'a>) -> Calling<'a> {
        Box::pin(async move {
            let Outgoing {
                client,
                unit,
                mut stop,
                ..
            } = outgoing;
            let entries = unit.rows.iter().map(|row: &Row| &row.fields);
            let request = match self.request(&unit.shared, entries) {
                Ok(request) => request,
                Err(failure) => {
                    return Answer::Stop {
                        failure,
                        maybe_acted: false,
                    };
                }
            };
            let told = async move {
                // Without a sender, no stop can come any more.
                if stop.wait_for(|stop| *stop).await.is_err() {
                    std::future::pending().await
                }
            };
            let outcome = client.batch(request).until(told).await;
            match outcome.parts().next() {
                Some((_, PartOutcome::Failed(error))) => of_error(error),
                Some((_, PartOutcome::Answered(_))) => {
                    Answer::Settled(outcome.iter().map(|(_, outcome)| fate(&outcome)).collect())
                }
                _ => Answer::NotSent,
            }
        })
    }
}

fn fate<E: Batched>(outcome: &ItemOutcome<'_, E>) -> Fate {
    match outcome.is_done() {
        true => Fate::Done,
        false => Fate::Failed {
            code: outcome.code().map(|code| code.0),
            reason: outcome.to_string(),
        },
    }
}

/// What an error means for the run. Errors caused by the lines fail only those lines. If the app, its key or its
/// quota is the cause, or there is no reply, all other lines would fail too.
fn of_error(error: &Error) -> Answer {
    let stops = match error.class() {
        Some(ErrorClass::Configuration | ErrorClass::Credential) => true,
        // That a group is full, or a user is in too many groups, doesn't affect other lines.
        Some(ErrorClass::Quota) if error.repeat() == Some(ErrorRepeat::Never) => false,
        Some(ErrorClass::Quota) => true,
        _ => error.kind() != ErrorKind::Api && error.kind() != ErrorKind::Invalid,
    };
    match stops {
        true => Answer::Stop {
            failure: Failure::from(error),
            // The service refuses such calls before it acts.
            maybe_acted: error.kind() != ErrorKind::Api && error.sent() != Sent::No,
        },
        false => Answer::Refused {
            code: error.code().map(|code| code.0),
            reason: error.to_string(),
            // An unknown code may be an outage, too.
            is_outage: matches!(
                error.class(),
                Some(ErrorClass::Server | ErrorClass::Transient) | None
            ),
        },
    }
}

/// One message per line.
struct Messages;

/// Numbers that the run generates itself.
const NUMBERS: &[(&str, &str)] = &[
    (
        "MsgSeq",
        "it's derived from the file and the line; leave it out",
    ),
    (
        "MsgRandom",
        "it's derived from the file and the line; leave it out",
    ),
];

impl Messages {
    /// The message with numbers that are the same each time for the same line of the same file. Messages of one second
    /// are ordered by their sequence numbers, which follow the order of the lines.
    fn request(fields: &Fields, key: &str, row: u64) -> Result<SendMsg, Failure> {
        let mut body = fields.clone();
        if let Some(text) = body.remove(TEXT) {
            if body.contains_key("MsgBody") {
                return Err(Failure::usage(format!("it has both {TEXT} and MsgBody")));
            }
            let element = json!([{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }]);
            body.insert("MsgBody".to_owned(), element);
        } else if !body.contains_key("MsgBody") {
            let problem = format!("it has neither {TEXT} nor MsgBody");
            return Err(
                Failure::usage(problem).help("Text=… after the file name applies to all lines")
            );
        }
        body.insert("MsgRandom".to_owned(), json!(0));
        let json = serde_json::to_vec(&body).unwrap_or_default();
        // They wrap around after 32 bits, more than a second later.
        let seq = (row % u64::from(u32::MAX)) as u32 + 1;
        let request = call::request::<SendMsg>(&json)?
            .with_idempotency_key(key)
            .with_msg_seq(seq);
        request
            .validate()
            .map_err(|violations| Failure::usage(violations.to_string()))?;
        Ok(request)
    }
}

impl Job for Messages {
    fn name(&self) -> &'static str {
        "send"
    }

    fn meta(&self) -> &'static Meta {
        SendMsg::META
    }

    fn per_call(&self) -> usize {
        1
    }

    fn columns(&self) -> Result<Columns, Failure> {
        let columns = Columns::of(request_schema(SendMsg::META)?);
        Ok(columns.with(TEXT, None).without(NUMBERS))
    }

    fn shared(&self, _: &Fields) -> Fields {
        Fields::new()
    }

    fn check(&self, fields: &Fields) -> Result<(), Failure> {
        Self::request(fields, "", 0).map(drop)
    }

    fn call<'a>(&'a self, outgoing: Outgoing<'a>) -> Calling<'a> {
        Box::pin(async move {
            let Some(row) = outgoing.unit.rows.first() else {
                return Answer::NotSent;
            };
            let key = format!("{}:{}", outgoing.hash, row.place.line);
            let request = match Self::request(&row.fields, &key, row.place.row) {
                Ok(request) => request,
                Err(failure) => {
                    return Answer::Stop {
                        failure,
                        maybe_acted: false,
                    };
                }
            };
            match outgoing.client.send(&request).await {
                Ok(_) => Answer::Settled(vec![Fate::Done]),
                Err(error) => of_error(&error),
            }
        })
    }
}
