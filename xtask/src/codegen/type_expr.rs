//! The notation of types in spec files: `string`, `[Contact]`, `{u64}`.

use std::fmt;

/// Deepest nesting; deeper input is rejected before it can exhaust the stack.
const MAX_DEPTH: usize = 8;

/// Names that are not types of the spec.
pub const BUILTIN: &[&str] = &[
    "string",
    "bool",
    "u32",
    "u64",
    "i32",
    "i64",
    "f64",
    "flag",
    "tag_value",
    "error_code",
    "json",
];

/// A parsed type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the variants are the words of the notation; spec/README.md explains them"
)]
pub enum TypeExpr {
    String,
    Bool,
    U32,
    U64,
    I32,
    I64,
    F64,
    Flag,
    TagValue,
    ErrorCode,
    Json,
    /// `[T]`
    List(Box<TypeExpr>),
    /// `{T}`
    Map(Box<TypeExpr>),
    /// A type, enum or union of the spec.
    Named(String),
}

/// Why a text is not a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeError {
    /// What is wrong.
    pub message: String,
    /// The invalid word, for suggestions.
    pub word: Option<String>,
}

impl fmt::Display for TypeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl TypeExpr {
    /// The named type at the bottom of lists and maps.
    pub fn named(&self) -> Option<&str> {
        match self {
            Self::List(item) | Self::Map(item) => item.named(),
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

/// Parses a type.
///
/// # Errors
///
/// Unbalanced brackets, empty or unknown lower-case words, too much nesting.
pub fn parse(text: &str) -> Result<TypeExpr, TypeError> {
    parse_at(text.trim(), 0)
}

fn parse_at(text: &str, depth: usize) -> Result<TypeExpr, TypeError> {
    let error = |message: String| TypeError {
        message,
        word: None,
    };
    if depth > MAX_DEPTH {
        return Err(error(format!("types nest at most {MAX_DEPTH} deep")));
    }
    for (open, close, wrap) in [
        ('[', ']', TypeExpr::List as fn(Box<TypeExpr>) -> TypeExpr),
        ('{', '}', TypeExpr::Map),
    ] {
        if let Some(rest) = text.strip_prefix(open) {
            let Some(inner) = rest.strip_suffix(close) else {
                return Err(error(format!("`{open}` has no `{close}` at the end")));
            };
            return Ok(wrap(Box::new(parse_at(inner.trim(), depth + 1)?)));
        }
    }
    Ok(match text {
        "string" => TypeExpr::String,
        "bool" => TypeExpr::Bool,
        "u32" => TypeExpr::U32,
        "u64" => TypeExpr::U64,
        "i32" => TypeExpr::I32,
        "i64" => TypeExpr::I64,
        "f64" => TypeExpr::F64,
        "flag" => TypeExpr::Flag,
        "tag_value" => TypeExpr::TagValue,
        "error_code" => TypeExpr::ErrorCode,
        "json" => TypeExpr::Json,
        "" => return Err(error("a type is missing".to_owned())),
        name if name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric()) =>
        {
            TypeExpr::Named(name.to_owned())
        }
        other => {
            return Err(TypeError {
                message: format!("`{other}` is not a type"),
                word: Some(other.to_owned()),
            });
        }
    })
}
