//! Commands without a behaviour of their own: the request is checked, the answer is a sample.

use super::{BadBody, Commands, Context};
use crate::{gate::Because, generated::samples::SAMPLES};
use tencent_chat_types::{Endpoint, EndpointVisitor, ErrorCode, visit_endpoint};

/// The service has a code for each back end; which one a command belongs to shows in its page only.
const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::JSON_UNPARSABLE,
    invalid: |_| ErrorCode::JSON_UNPARSABLE,
};

/// Adds every command of the spec that nobody has added before.
pub(super) fn register(commands: &mut Commands) {
    for (path, reply) in SAMPLES {
        if commands.get(path).is_none() {
            visit_endpoint(path, Add { commands, reply });
        }
    }
}

struct Add<'a> {
    commands: &'a mut Commands,
    reply: &'static str,
}

impl EndpointVisitor for Add<'_> {
    type Output = ();
    fn visit<E: Endpoint + Clone + PartialEq + std::fmt::Debug>(self) {
        let reply = self.reply;
        let answer = move |_: &mut Context<'_>, _: E| {
            // The generator has checked every sample against its type.
            serde_json::from_str(reply)
                .map_err(|error| ErrorCode::REPLY_UNPARSABLE.because(error.to_string()))
        };
        self.commands.add_canned::<E>(BAD_BODY, answer);
    }
}
