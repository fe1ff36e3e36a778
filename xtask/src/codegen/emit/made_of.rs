//! Which objects and unions can be constructed from a string or a tuple, so that a caller need not name them.

use crate::codegen::model::{Field, Kind, Model, Module, Object, Role, Type, Union};

/// Wire names, in any case, of the key and of the value.
const KEYS: [&str; 2] = ["key", "tag"];
const VALUE: &str = "value";

/// The types that a module's fields can name.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    module: &'a Module,
    model: &'a Model,
}

/// What converts into a type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MadeOf {
    pub(super) text: bool,
    pub(super) pair: bool,
}

impl MadeOf {
    /// Whether anything besides a value of the type itself converts into it.
    pub(super) fn anything(self) -> bool {
        self.text || self.pair
    }
}

impl<'a> Types<'a> {
    pub(super) fn new(module: &'a Module, model: &'a Model) -> Self {
        Self { module, model }
    }

    fn object(self, name: &str) -> Option<&'a Object> {
        let shared = self.model.shared.iter().flat_map(|module| &module.objects);
        (self.module.objects.iter().chain(shared)).find(|object| object.name == name)
    }

    fn union(self, name: &str) -> Option<&'a Union> {
        let shared = self.model.shared.iter().flat_map(|module| &module.unions);
        (self.module.unions.iter().chain(shared)).find(|def| def.name == name)
    }

    /// What a type can be constructed from.
    pub(super) fn made_of(self, ty: &Type) -> MadeOf {
        let found = match ty {
            Type::Named(name, Kind::Object) => self.object(name).map(of_object),
            Type::Named(name, Kind::Union) => self.union(name).map(|def| MadeOf {
                text: self.variant_of_text(def).is_some(),
                pair: false,
            }),
            _ => None,
        };
        found.unwrap_or_default()
    }

    /// The only variant of a union whose content can be constructed from a string: its name, and its content's.
    pub(super) fn variant_of_text(self, def: &'a Union) -> Option<(&'a str, &'a str)> {
        let is_text = |name: &str| {
            self.object(name)
                .is_some_and(|object| of_object(object).text)
        };
        let mut variants = def.variants.iter().filter(|variant| is_text(&variant.ty));
        let only = variants.next().filter(|_| variants.next().is_none())?;
        Some((&only.rust, &only.ty))
    }
}

/// What an object can be constructed from. A string is enough if exactly one field is required, and that is a string.
pub(super) fn of_object(object: &Object) -> MadeOf {
    if object.role != Role::Part || !object.sent {
        return MadeOf::default();
    }
    let mut asked = object.fields.iter().filter(|field| field.required);
    let only = asked.next().filter(|_| asked.next().is_none());
    MadeOf {
        text: only.is_some_and(|field| field.ty == Type::String),
        pair: key_and_value(object).is_some(),
    }
}

/// The fields of an object that assigns a value to a key, if its other fields are optional.
pub(super) fn key_and_value(object: &Object) -> Option<(&Field, &Field)> {
    let is_key = |field: &&Field| {
        let is_named = KEYS
            .iter()
            .any(|name| field.wire.eq_ignore_ascii_case(name));
        let is_text = matches!(field.ty, Type::String | Type::Named(_, Kind::StringEnum));
        field.required && is_named && is_text
    };
    let key = object.fields.iter().find(is_key)?;
    let value = (object.fields.iter()).find(|field| field.wire.eq_ignore_ascii_case(VALUE))?;
    let mut others = besides(object, key, value);
    (object.role == Role::Part && others.all(|field| !field.required)).then_some((key, value))
}

/// The other fields of an object that assigns a value to a key.
pub(super) fn besides<'o>(
    object: &'o Object,
    key: &'o Field,
    value: &'o Field,
) -> impl Iterator<Item = &'o Field> {
    (object.fields.iter()).filter(|field| field.wire != key.wire && field.wire != value.wire)
}
