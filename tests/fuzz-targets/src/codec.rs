//! The codec under every type: any object decodes, and encodes to what it was.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tencent_chat_types::{
    ENDPOINTS, Endpoint, EndpointVisitor, decode, from_slice, to_vec, visit_endpoint,
    webhook::{WEBHOOKS, Webhook, WebhookVisitor, visit_webhook},
    wire::canonical,
};

/// The first two bytes choose a type: the request or the reply of a command, or the event of a webhook. The
/// rest is decoded as that type.
pub fn codec(data: &[u8]) {
    let [low, high, json @ ..] = data else {
        return;
    };
    let choice = usize::from(u16::from_le_bytes([*low, *high]));
    let choice = choice % (2 * ENDPOINTS.len() + WEBHOOKS.len());
    let visited = match choice.checked_sub(2 * ENDPOINTS.len()) {
        Some(webhook) => visit_webhook(WEBHOOKS[webhook].command, Visit { choice, json }),
        None => visit_endpoint(ENDPOINTS[choice / 2].path, Visit { choice, json }),
    };
    assert!(visited.is_some(), "a listed type is not visited");
}

struct Visit<'a> {
    choice: usize,
    json: &'a [u8],
}

impl EndpointVisitor for Visit<'_> {
    type Output = ();

    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) {
        match self.choice % 2 {
            0 => round_trip::<E>(self.json),
            _ => round_trip::<E::Reply>(self.json),
        }
    }
}

impl WebhookVisitor for Visit<'_> {
    type Output = ();

    fn visit<E: Webhook>(self) {
        round_trip::<E>(self.json);
    }
}

fn round_trip<T: Serialize + DeserializeOwned>(json: &[u8]) {
    let form = canonical(json);
    let value = serde_json::from_slice::<Value>(json).ok();
    let is_object =
        matches!(form.as_deref(), Some([b'{', ..])) || value.as_ref().is_some_and(Value::is_object);
    let decoded = match decode::<T>(json) {
        Ok(decoded) => decoded,
        Err(error) => {
            assert!(!is_object, "an object does not decode: {error}");
            return;
        }
    };
    let _ = decoded.misfits.list(8);
    let encoded = to_vec(&decoded.value);
    let Ok(encoded) = encoded else {
        panic!("what was decoded does not encode");
    };
    assert_eq!(
        canonical(&encoded),
        form,
        "encoding changes what was decoded"
    );
    // serde_json knows nothing of this codec.
    if let Some(value) = value {
        let again = serde_json::from_slice::<Value>(&encoded).ok();
        assert_eq!(again, Some(value), "encoding changes what serde_json reads");
    }
    let again = from_slice::<T>(&encoded).and_then(|value| to_vec(&value));
    assert_eq!(again.ok(), Some(encoded), "the second round trip differs");
}
