//! Tagged items: their constructors, and typed accessors for their values.

use super::{
    docs::{aliases, doc},
    made_of::key_and_value,
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Enum, Field, Holds, Kind, Model, Module, Object, Role, Tags, Type},
    names::ident,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

/// The trait that reads the values of tags.
pub(super) fn emit_reader(file: &mut RustFile, def: &Enum, tags: &Tags) {
    let reader = ident(&tags.reader);
    let methods = tags.holds.iter().map(|(constant, wire, holds, text)| {
        let (method, known_as) = (method(constant), aliases(constant, [wire.as_str()]));
        let docs = doc(text);
        let (ty, value) = match holds {
            Holds::Text => (quote! { &str }, quote! { value.as_text() }),
            Holds::Integer => (quote! { i64 }, quote! { value.as_integer() }),
            Holds::Texts => (quote! { &[String] }, quote! { value.as_list() }),
            Holds::Date => (
                quote! { Date },
                quote! { Date::from_number(value.as_integer()?) },
            ),
            Holds::Enum(name) => {
                let name = ident(name);
                (
                    quote! { #name },
                    quote! { value.as_text().map(#name::from) },
                )
            }
        };
        quote! {
            #docs
            #known_as
            fn #method(&self) -> Option<#ty> {
                let value = self.tagged(#wire)?;
                #value
            }
        }
    });
    let custom = tags.custom.as_ref().map(|(prefix, name)| {
        let name = ident(name);
        let docs = doc(&format!(
            "An app-defined field, by its name without `{prefix}`."
        ));
        let known_as = aliases("", [prefix.as_str()]);
        quote! {
            #docs
            #known_as
            fn #name(&self, name: &str) -> Option<&TagValue> {
                self.tagged(&[#prefix, name].concat())
            }
        }
    });
    let docs = doc(&format!(
        "Typed accessors for items by [`{}`]. They return `None` if there is no such item, or if its value has a type \
         other than documented; [`tagged`](TaggedFields::tagged) returns any value.",
        def.name
    ));
    file.items(quote! {
        #docs
        pub trait #reader: TaggedFields {
            #(#methods)*
            #custom
        }
    });
}

/// Constructors and accessors by tag for an object; anything with a list of such items has the accessors, too.
pub(super) fn emit_object(file: &mut RustFile, object: &Object, module: &Module, model: &Model) {
    let name = ident(&object.name);
    if let Some((def, tags)) = tags_of_item(object, model) {
        for reader in readers(tags, model) {
            let reader = ident(reader);
            file.items(quote! { impl #reader for [#name] {} });
        }
        if object.sent {
            file.items(constructors(object, def, tags));
        }
    }
    let mut lists = object.fields.iter().filter_map(|field| {
        let item = item_of(field)?;
        let mut objects = module
            .objects
            .iter()
            .chain(model.shared.iter().flat_map(|m| &m.objects));
        let (_, tags) = tags_of_item(objects.find(|object| object.name == item)?, model)?;
        Some((field, tags))
    });
    // With two lists, the accessors would be ambiguous.
    let only = lists.next().filter(|_| lists.next().is_none());
    let Some((list, tags)) = only.filter(|_| object.role != Role::Request) else {
        return;
    };
    let rust = ident(&list.rust);
    let items = match list.required {
        true => quote! { self.#rust },
        false => quote! { self.#rust.as_deref()? },
    };
    file.items(quote! {
        impl TaggedFields for #name {
            fn tagged(&self, tag: &str) -> Option<&TagValue> {
                #items.tagged(tag)
            }
        }
    });
    for reader in readers(tags, model) {
        let reader = ident(reader);
        file.items(quote! { impl #reader for #name {} });
    }
}

/// The traits with accessors for these tags.
fn readers<'m>(tags: &'m Tags, model: &'m Model) -> impl Iterator<Item = &'m str> {
    let included = tags
        .includes
        .as_deref()
        .and_then(|name| tags_of_enum(name, model));
    [Some(tags), included.map(|(_, tags)| tags)]
        .into_iter()
        .flatten()
        .map(|tags| &*tags.reader)
}

fn item_of(field: &Field) -> Option<&str> {
    match &field.ty {
        Type::List(item) => match &**item {
            Type::Named(name, Kind::Object) => Some(name),
            _ => None,
        },
        _ => None,
    }
}

/// The tags of an object that consists of a tag and a value.
fn tags_of_item<'m>(object: &Object, model: &'m Model) -> Option<(&'m Enum, &'m Tags)> {
    let (key, value) = key_and_value(object)?;
    match (&key.ty, &value.ty) {
        (Type::Named(name, Kind::StringEnum), Type::TagValue) => tags_of_enum(name, model),
        _ => None,
    }
}

fn tags_of_enum<'m>(name: &str, model: &'m Model) -> Option<(&'m Enum, &'m Tags)> {
    let mut enums = model.shared.iter().flat_map(|module| &module.enums);
    let def = enums.find(|def| def.name == name)?;
    Some((def, def.tags.as_ref()?))
}

/// A constructor for each tag.
fn constructors(object: &Object, def: &Enum, tags: &Tags) -> TokenStream {
    let (name, tag) = (ident(&object.name), ident(&def.name));
    let methods = tags.holds.iter().map(|(constant, wire, holds, text)| {
        let (rust, known_as) = (method(constant), aliases(constant, [wire.as_str()]));
        let docs = doc(text);
        let (ty, value) = match holds {
            Holds::Text => (quote! { impl Into<String> }, quote! { #rust.into() }),
            Holds::Integer => (quote! { i64 }, quote! { #rust }),
            Holds::Texts => (
                quote! { impl IntoIterator<Item = impl Into<String>> },
                quote! { #rust.into_iter().map(Into::into).collect::<Vec<String>>() },
            ),
            Holds::Date => (quote! { Date }, quote! { #rust }),
            Holds::Enum(name) => {
                let name = ident(name);
                (quote! { #name }, quote! { #rust.as_str() })
            }
        };
        let value = match holds {
            Holds::Text => quote! { TagValue::Text(#value) },
            _ => quote! { TagValue::from(#value) },
        };
        let constant = ident(constant);
        quote! {
            #docs
            #known_as
            pub fn #rust(#rust: #ty) -> Self {
                Self::from((#tag::#constant, #value))
            }
        }
    });
    let custom = tags.custom.as_ref().map(|(prefix, method)| {
        let method = ident(method);
        let docs = doc(&format!(
            "An app-defined field, by its name without `{prefix}`; such fields are defined in the console."
        ));
        quote! {
            #docs
            pub fn #method(name: &str, value: impl Into<TagValue>) -> Self {
                Self::from((#tag::from([#prefix, name].concat()), value))
            }
        }
    });
    quote! {
        impl #name {
            #(#methods)*
            #custom
        }
    }
}

fn method(constant: &str) -> Ident {
    ident(&constant.to_lowercase())
}
