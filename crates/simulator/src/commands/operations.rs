//! Operating an app.

use super::registry::{BadBody, Commands};

use tencent_chat_types::{
    Envelope, ErrorCode,
    operations::{GetServerIpList, GetServerIpListReply},
};

const BAD_BODY: BadBody = BadBody {
    unparsable: |_| ErrorCode::JSON_UNPARSABLE,
    invalid: |_| ErrorCode::JSON_UNPARSABLE,
};

pub(super) fn register(commands: &mut Commands) {
    // Canned: a simulator has no servers. The ranges are those set aside for documentation, and the
    // reply has no ActionStatus, like some of the service's own.
    commands.add_canned(BAD_BODY, |_, _: GetServerIpList| {
        let mut reply = GetServerIpListReply::default();
        reply.ip_list = vec!["192.0.2.17".to_owned(), "198.51.100.0/25".to_owned()];
        reply.envelope = Envelope::default();
        reply.envelope.error_code = Some(ErrorCode::OK);
        Ok(reply)
    });
}
