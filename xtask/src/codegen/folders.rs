//! The folders of generated files.

/// Of the crate of types.
pub const TYPES: &str = "crates/types/src/generated";
/// Of the client.
pub const CLIENT: &str = "crates/client/src/generated";
/// Of the UserSig crate.
pub const USERSIG: &str = "crates/usersig/src/generated";
/// Of the simulator.
pub const SIMULATOR: &str = "crates/simulator/src/generated";
/// Schemas of the spec language.
pub const SPEC_SCHEMAS: &str = "spec/schema";
/// Documents for other languages.
pub const OPENAPI: &str = "openapi";

/// Files of others in these folders: a test of the simulator writes the description of its control API.
pub const OF_OTHERS: [&str; 1] = ["openapi/control.json"];

/// The folders whose files are all generated, apart from those above. Nothing is written elsewhere.
pub const OWNED: [&str; 6] = [TYPES, CLIENT, USERSIG, SIMULATOR, SPEC_SCHEMAS, OPENAPI];
