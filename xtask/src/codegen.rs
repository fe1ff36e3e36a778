//! The generator: `spec/` in, Rust out. Each stage is one file.
//!
//! 1. [`load`]: files become [`load::Spec`]; their form is checked against the spec language's own schema
//! 2. [`check`] and [`samples`]: the content of files must make sense, and the samples must match the fields
//! 3. [`lower`]: names are resolved; the result is the [`model`]
//! 4. [`openapi::types`]: the model becomes one JSON Schema document of all types
//! 5. [`schema`]: typify generates structs from that document
//! 6. [`tidy`]: typify's structs get our names and attributes; none may be missing or left over
//! 7. [`emit`]: structs and model become Rust
//! 8. [`openapi::emit`]: the document is published, alone and as part of OpenAPI, for other languages
//! 9. [`tree`]: files are written, compared, removed
//!
//! No network, no clock, no environment: the same spec always gives the same bytes.

pub mod check;
pub mod diagnostic;
pub mod editor_schema;
pub mod emit;
pub mod folders;
mod generate;
pub mod load;
pub mod lower;
pub mod model;
pub mod names;
pub mod openapi;
pub mod rows;
pub mod run;
pub mod samples;
pub mod schema;
pub mod settles;
pub mod source;
pub mod spec;
pub mod structure;
pub mod tidy;
pub mod tree;
pub mod type_expr;

pub use generate::generate;
