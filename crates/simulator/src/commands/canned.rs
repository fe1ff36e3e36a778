//! Commands without a behaviour of their own: the request is checked, the answer is a sample about what
//! the caller has named.

use super::registry::{BadBody, Commands};
use crate::{
    generated::samples::{SAMPLES, Sample},
    refusal::Because,
    world::Context,
};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use tencent_chat_types::{Endpoint, EndpointVisitor, ErrorCode, visit_endpoint};

/// The service has a code for each back end; which one a command belongs to shows in its page only.
const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::JSON_UNPARSABLE,
    invalid: |_| ErrorCode::JSON_UNPARSABLE,
};

/// Adds every command of the spec that nobody has added before.
pub(super) fn register(commands: &mut Commands) {
    for sample in SAMPLES {
        if commands.get(sample.path).is_none() {
            visit_endpoint(sample.path, Add { commands, sample });
        }
    }
}

struct Add<'a> {
    commands: &'a mut Commands,
    sample: &'static Sample,
}

impl EndpointVisitor for Add<'_> {
    type Output = ();
    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) {
        let sample = self.sample;
        let answer = move |_: &mut Context<'_>, request: E| {
            // The generator has checked every sample against its type, and requests have come as JSON.
            let odd =
                |error: serde_json::Error| ErrorCode::REPLY_UNPARSABLE.because(error.to_string());
            let asked = serde_json::to_value(&request).map_err(odd)?;
            let read = |text| serde_json::from_str::<Value>(text).map_err(odd);
            let (shown, reply) = (read(sample.request)?, read(sample.reply)?);
            serde_json::from_value(about(&shown, reply, &asked)).map_err(odd)
        };
        self.commands.add_canned::<E>(BAD_BODY, answer);
    }
}

/// Whether a field of this name holds a user, a group or an official account.
fn is_identity(name: &str) -> bool {
    ["_Account", "UserID", "UserId", "GroupId", "ToGroupid"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// A scalar's place: the names of the fields on the way to it, with `[]` for any element of a list.
type Place = Vec<String>;

/// The scalars of a request by their places, in order.
fn scalars(json: &Value) -> BTreeMap<Place, Vec<Value>> {
    fn collect(json: &Value, place: &mut Place, found: &mut BTreeMap<Place, Vec<Value>>) {
        let mut enter = |name: &str, value: &Value| {
            place.push(name.to_owned());
            collect(value, place, found);
            place.pop();
        };
        match json {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| enter(name, value)),
            Value::Array(items) => items.iter().for_each(|item| enter("[]", item)),
            Value::Null => {}
            scalar => found.entry(place.clone()).or_default().push(scalar.clone()),
        }
    }
    let mut found = BTreeMap::new();
    collect(json, &mut Vec::new(), &mut found);
    found
}

/// A sample's reply, about what this request names in place of what the sample's request names: lists
/// get an element for each thing that was named, and lose those about anything else.
fn about(shown: &Value, mut reply: Value, asked: &Value) -> Value {
    let mut retelling = Retelling {
        shown: scalars(shown),
        asked: scalars(asked),
        named: BTreeSet::new(),
    };
    let asked = retelling.asked.values().flatten();
    retelling.named = asked
        .filter_map(|v| v.as_str().map(str::to_owned))
        .collect();
    if let Value::Object(fields) = &mut reply {
        retelling.object(fields, None);
    }
    reply
}

struct Retelling {
    /// Of the sample's request.
    shown: BTreeMap<Place, Vec<Value>>,
    /// Of the request.
    asked: BTreeMap<Place, Vec<Value>>,
    /// All texts of the request.
    named: BTreeSet<String>,
}

/// Which of the things in a list of the sample's request an element is about, and which of those in the
/// request it is to be about.
#[derive(Clone, Copy)]
struct Swap {
    shown: usize,
    asked: usize,
}

impl Retelling {
    /// The value to put in place of a scalar of the sample; none if the sample's request lacks it.
    fn replacement(&self, name: &str, value: &Value, swap: Option<Swap>) -> Option<Value> {
        for (place, shown) in &self.shown {
            let in_list = place.iter().any(|part| part == "[]");
            let at = match (in_list, swap) {
                (true, Some(swap)) => swap.shown,
                (true, None) => continue,
                (false, _) => 0,
            };
            let Some(from) = shown.get(at) else { continue };
            let asked = self.asked.get(place);
            let to = asked.and_then(|asked| {
                asked.get(match (in_list, swap) {
                    (true, Some(swap)) => swap.asked,
                    _ => 0,
                })
            });
            let Some(to) = to else { continue };
            match (from, value, to) {
                (Value::String(from), Value::String(text), Value::String(to)) => {
                    if from == text {
                        return Some(to.as_str().into());
                    }
                    // An address made of one in the request.
                    if from.contains("://") && text.contains(from.as_str()) {
                        return Some(text.replace(from.as_str(), to).into());
                    }
                }
                (Value::Number(_), Value::Number(_), Value::Number(_)) => {
                    let same_name = place.last().is_some_and(|last| last == name);
                    if same_name && from == value {
                        return Some(to.clone());
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn object(&self, fields: &mut Map<String, Value>, swap: Option<Swap>) {
        let mut lengths = Vec::new();
        for (name, value) in fields.iter_mut() {
            match value {
                Value::Object(inner) => self.object(inner, swap),
                Value::Array(items) => {
                    let before = items.len();
                    self.list(name, items, swap);
                    lengths.push((before, items.len()));
                }
                scalar => {
                    if let Some(new) = self.replacement(name, scalar, swap) {
                        *scalar = new;
                    }
                }
            }
        }
        // A count of what is in a list next to it stays one.
        for (name, value) in fields.iter_mut() {
            let counts = name.ends_with("Count") || name.ends_with("Num");
            let of = |(before, _): &&(usize, usize)| value.as_u64() == Some(*before as u64);
            if let (true, Some((_, after))) = (counts, lengths.iter().find(of)) {
                *value = (*after).into();
            }
        }
    }

    fn list(&self, name: &str, items: &mut Vec<Value>, swap: Option<Swap>) {
        let bound = self.bound(name, items);
        let Some((place, about)) = bound else {
            for item in items.iter_mut() {
                self.element(name, item, swap);
            }
            items.retain(|item| !self.is_of_strangers(name, item));
            return;
        };
        let asked = self.asked.get(place).map_or(0, Vec::len);
        let sample = std::mem::take(items);
        // What went well in the sample goes well for all.
        let good = |(_, item): &&(usize, &Value)| item.as_object().is_some_and(went_well);
        let pairs: Vec<(usize, &Value)> = about.into_iter().zip(&sample).collect();
        let template = pairs.iter().find(good);
        for at in 0..asked {
            let own = pairs.iter().find(|(shown, _)| *shown == at);
            let Some((shown, item)) = template.or(own) else {
                continue;
            };
            let swap = Swap {
                shown: *shown,
                asked: at,
            };
            let mut item = (*item).clone();
            self.element(name, &mut item, Some(swap));
            items.push(item);
        }
        items.retain(|item| !self.is_of_strangers(name, item));
    }

    fn element(&self, name: &str, item: &mut Value, swap: Option<Swap>) {
        match item {
            Value::Object(fields) => self.object(fields, swap),
            Value::Array(items) => self.list(name, items, swap),
            scalar => {
                if let Some(new) = self.replacement(name, scalar, swap) {
                    *scalar = new;
                }
            }
        }
    }

    /// The list of the sample's request whose things a list of its reply is about, with the number of
    /// the thing for each element.
    fn bound(&self, name: &str, items: &[Value]) -> Option<(&Place, Vec<usize>)> {
        let in_lists = (self.shown.iter()).filter(|(place, _)| place.iter().any(|p| p == "[]"));
        for (place, shown) in in_lists {
            let about = |item: &Value| {
                shown
                    .iter()
                    .position(|thing| mentions(name, item, place, thing))
            };
            let about: Option<Vec<usize>> = items.iter().map(about).collect();
            if let Some(about) = about.filter(|about| !about.is_empty()) {
                return Some((place, about));
            }
        }
        None
    }

    /// Whether an element speaks of somebody whom the request does not name.
    fn is_of_strangers(&self, name: &str, item: &Value) -> bool {
        match item {
            Value::String(text) => is_identity(name) && !self.named.contains(text),
            Value::Object(fields) => fields.iter().any(|(name, value)| match value {
                Value::Array(items) => items.iter().any(|item| self.is_of_strangers(name, item)),
                value => self.is_of_strangers(name, value),
            }),
            _ => false,
        }
    }
}

/// Whether an element of a reply has a thing of the request: a string anywhere, a number under the same
/// name.
fn mentions(name: &str, item: &Value, place: &Place, thing: &Value) -> bool {
    match item {
        Value::Object(fields) => {
            (fields.iter()).any(|(name, value)| mentions(name, value, place, thing))
        }
        Value::Array(_) | Value::Null | Value::Bool(_) => false,
        Value::String(_) => item == thing,
        Value::Number(_) => item == thing && place.last().is_some_and(|last| last == name),
    }
}

/// Whether the codes of an element, if it has any, are those of a success.
fn went_well(fields: &Map<String, Value>) -> bool {
    (fields.iter())
        .filter(|(name, _)| name.ends_with("Code"))
        .all(|(_, code)| code.as_i64() == Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lists_are_about_what_the_request_names() {
        let shown = json!({ "From_Account": "lin", "Items": [{ "To_Account": "mei" }, { "To_Account": "nobody" }] });
        let reply = json!({ "Result": [
            { "To_Account": "mei", "ResultCode": 0, "Of": { "From_Account": "lin" } },
            { "To_Account": "nobody", "ResultCode": 30003 },
        ], "TotalCount": 2 });
        let asked = json!({ "From_Account": "ann", "Items": [{ "To_Account": "x" }, { "To_Account": "y" }, { "To_Account": "z" }] });
        let of =
            |user| json!({ "To_Account": user, "ResultCode": 0, "Of": { "From_Account": "ann" } });
        let expected = json!({ "Result": [of("x"), of("y"), of("z")], "TotalCount": 3 });
        assert_eq!(about(&shown, reply.clone(), &asked), expected);
        let nobody = json!({ "Result": [], "TotalCount": 0 });
        let asked = json!({ "From_Account": "ann", "Items": [] });
        assert_eq!(about(&shown, reply, &asked), nobody);
    }

    #[test]
    fn elements_about_strangers_go() {
        let shown = json!({ "GroupId": "chess" });
        let reply = json!({ "GroupId": "chess", "List": [{ "Admin_Account": "mei", "Nick": "Mei" }], "Member_Account": ["mei"], "MemberNum": 1, "CompleteFlag": 1 });
        let asked = json!({ "GroupId": "go" });
        let expected = json!({ "GroupId": "go", "List": [], "Member_Account": [], "MemberNum": 0, "CompleteFlag": 1 });
        assert_eq!(about(&shown, reply, &asked), expected);
    }

    #[test]
    fn addresses_and_numbers_follow_the_request() {
        let shown = json!({ "Urls": [{ "Id": 1, "Url": "https://example.com/a" }] });
        let reply = json!({ "Signed": [{ "Id": 1, "Code": 0, "Status": 1, "Signed": "https://example.com/a?sign=1" }] });
        let asked = json!({ "Urls": [{ "Id": 7, "Url": "https://b.example" }, { "Id": 8, "Url": "https://c.example" }] });
        let of = |id, url| json!({ "Id": id, "Code": 0, "Status": 1, "Signed": url });
        let expected = json!({ "Signed": [of(7, "https://b.example?sign=1"), of(8, "https://c.example?sign=1")] });
        assert_eq!(about(&shown, reply, &asked), expected);
    }
}
