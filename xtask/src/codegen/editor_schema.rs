//! The spec language as JSON Schemas: for editors, and for [`structure`](super::structure).

use super::{
    folders::SPEC_SCHEMAS,
    spec::{
        EndpointFile, ErrorsFile, FamiliesFile, FieldsFile, ProtocolFile, RegionsFile, SharedFile,
        WebhookFile, WebhooksFile, usersig::UserSigFile,
    },
    tree::{MARK, Tree},
};
use crate::audit::vocabulary::file::VocabularyFile;
use schemars::JsonSchema;
use serde_json::Value;

/// The schema of one kind of file.
pub fn schema_of<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// Adds every schema.
pub fn emit(tree: &mut Tree) {
    let mut add = |name: &str, mut schema: Value| {
        let comment = format!("{MARK} from xtask/src/codegen/spec.rs. Do not edit.");
        schema["$comment"] = comment.into();
        tree.insert(
            format!("{SPEC_SCHEMAS}/{name}.schema.json"),
            format!("{schema:#}\n"),
        );
    };
    add("endpoint", schema_of::<EndpointFile>());
    add("fields", schema_of::<FieldsFile>());
    add("shared", schema_of::<SharedFile>());
    add("families", schema_of::<FamiliesFile>());
    add("regions", schema_of::<RegionsFile>());
    add("protocol", schema_of::<ProtocolFile>());
    add("errors", schema_of::<ErrorsFile>());
    add("webhooks", schema_of::<WebhooksFile>());
    add("webhook", schema_of::<WebhookFile>());
    add("vocabulary", schema_of::<VocabularyFile>());
    add("usersig", schema_of::<UserSigFile>());
}
