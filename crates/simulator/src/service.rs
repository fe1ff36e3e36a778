//! The service: what becomes of one request, from its arrival to the answer.

use crate::{
    fault::Fault,
    gate,
    refusal::{Because, Refusal},
    settings::lock,
    shared::{Actor, Shared},
    traffic::JournalEntry,
};
use bytes::Bytes;
use http::{Method, StatusCode};
use std::{sync::Arc, time::Duration};
use tencent_chat_types::{Envelope, ErrorCode, RawReply, text::quoted, webhook::OptPlatform};
use tokio::time::{Instant, sleep};

/// Most bytes of a path that the journal remembers: none of a command is longer.
const JOURNAL_PATH_BYTES: usize = 128;

/// A request.
pub(crate) struct Arrival {
    pub(crate) method: Method,
    /// Without the slash in front.
    pub(crate) path: String,
    pub(crate) query: String,
    /// None where it is too large or was cut off.
    pub(crate) body: Option<Bytes>,
}

/// What goes out.
pub(crate) enum Answer {
    /// The connection breaks.
    Reset,
    /// Nothing, until the client hangs up.
    Silence,
    Reply {
        status: StatusCode,
        content_type: &'static str,
        body: Bytes,
    },
}

/// Acts on a request, and remembers it with its answer; none where that panicked. It goes on when whoever
/// waits for it gives up meanwhile, as it does in the service.
pub(crate) async fn perform(
    shared: &Arc<Shared>,
    arrival: Arrival,
) -> Option<(Arc<JournalEntry>, Answer)> {
    let shared = Arc::clone(shared);
    let acting = tokio::spawn(async move { act(&shared, &arrival).await });
    acting.await.ok()
}

async fn act(shared: &Shared, arrival: &Arrival) -> (Arc<JournalEntry>, Answer) {
    let (arrived, began) = (shared.started.elapsed(), Instant::now());
    let mut entry = JournalEntry {
        id: 0,
        time_ms: shared.clock.now_ms(),
        path: cut(arrival.path.clone(), JOURNAL_PATH_BYTES),
        identifier: String::new(),
        random: None,
        // What came may share its memory with a larger buffer.
        body: arrival
            .body
            .as_deref()
            .map(Bytes::copy_from_slice)
            .unwrap_or_default(),
        reply: Bytes::new(),
        code: ErrorCode::OK,
        applied: 0,
        fault: fault_for(shared, &arrival.path),
        arrived,
        took: Duration::ZERO,
        cause: Arc::default(),
    };
    let fault = entry.fault.clone();
    if let Fault::Delay(pause) = fault {
        sleep(pause).await;
    }
    let handled = handle(shared, arrival, &fault, &mut entry).await;
    let body = handled.unwrap_or_else(|refusal| {
        entry.code = refusal.code;
        let mut reply = RawReply::default();
        reply.envelope = Envelope::fail(refusal.code, refusal.text);
        // A struct of texts and a number always becomes JSON.
        serde_json::to_vec(&reply).unwrap_or_default()
    });
    let answer = answer(&fault, body);
    if let Answer::Reply { body, .. } = &answer {
        entry.reply = body.clone();
    }
    entry.took = began.elapsed();
    log(&entry);
    (shared.traffic.add_request(entry), answer)
}

/// What goes wrong with a request of a command.
fn fault_for(shared: &Shared, command: &str) -> Fault {
    let rule = lock(&shared.faults).next(command);
    match rule {
        Some(rule) => {
            let fault = rule.fault.clone();
            shared.note_fault(rule);
            fault
        }
        None => Fault::None,
    }
}

fn answer(fault: &Fault, body: Vec<u8>) -> Answer {
    match fault {
        Fault::ResetBefore | Fault::ResetAfter => Answer::Reset,
        Fault::Silence => Answer::Silence,
        Fault::Gateway { status, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
            Answer::Reply {
                status,
                content_type: "text/html",
                body: format!("<html><body><h1>{status}</h1></body></html>").into(),
            }
        }
        fault => Answer::Reply {
            status: StatusCode::OK,
            content_type: "application/json",
            body: fault.spoil(body).into(),
        },
    }
}

async fn handle(
    shared: &Shared,
    arrival: &Arrival,
    fault: &Fault,
    entry: &mut JournalEntry,
) -> Result<Vec<u8>, Refusal> {
    if arrival.method != Method::POST {
        return Err(ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the method must be POST"));
    }
    if fault.comes_before() {
        return fault.refusal().map_or(Ok(Vec::new()), Err);
    }
    let caller = gate::check(&shared.settings, &arrival.query)?;
    entry.identifier.clone_from(&caller.identifier);
    entry.random = Some(caller.random);
    let command = shared
        .commands
        .get(&arrival.path)
        .ok_or_else(|| ErrorCode::RESOURCE_UNKNOWN.because("there is no such command"))?;
    let body = arrival.body.as_ref().ok_or_else(|| {
        ErrorCode::HTTP_REQUEST_UNPARSABLE.because("the body is too large or was cut off")
    })?;
    let quotas = *lock(&shared.quotas);
    if let Some(quotas) = quotas {
        let now = shared.quota_time();
        lock(&shared.meter).pass(quotas, &arrival.path, body, now)?;
    }
    let actor = Actor {
        user: caller.identifier,
        platform: OptPlatform::RESTAPI,
        bytes: body.len(),
        cause: Some(Arc::clone(&entry.cause)),
    };
    let arrive = || shared.act_asking_noting(&actor, |context| command.begin(context, body));
    let (reply, acted) = arrive().await?;
    entry.applied = u32::from(acted);
    // What the second arrival answers goes to nobody.
    if *fault == Fault::Duplicate
        && let Ok((_, acted)) = arrive().await
    {
        entry.applied += u32::from(acted);
    }
    Ok(reply)
}

fn log(entry: &JournalEntry) {
    let micros = u64::try_from(entry.took.as_micros()).unwrap_or(u64::MAX);
    let fault = (entry.fault != Fault::None).then(|| entry.fault.name());
    tracing::info!(
        target: "tencent_chat_simulator::request",
        command = %quoted(&entry.path),
        identifier = %quoted(&entry.identifier),
        code = entry.code.0,
        micros,
        applied = entry.applied,
        fault,
        "request"
    );
}

/// A text with at most this many bytes.
fn cut(mut text: String, most: usize) -> String {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.shrink_to_fit();
    text
}
