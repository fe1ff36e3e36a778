//! The client's methods for one item.

use super::{
    arguments::Start,
    docs::{doc, listed},
    reexports::unique_parts,
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Batch, Endpoint, Family, Field, Gives, Model, Module, SingleCall, Type},
    names::ident,
    tidy::Structs,
};
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use std::collections::BTreeMap;

/// What the methods of a family need to name types.
pub(super) struct Singles<'a> {
    family: &'a Family,
    model: &'a Model,
    structs: &'a BTreeMap<String, Structs>,
    /// Types that the family's module passes on, by module.
    passed_on: BTreeMap<&'a str, Vec<String>>,
}

/// A value that a method takes: name and type, and the expression that the constructor gets.
type Argument = (Ident, TokenStream, TokenStream);

impl<'a> Singles<'a> {
    pub(super) fn new(
        family: &'a Family,
        model: &'a Model,
        structs: &'a BTreeMap<String, Structs>,
    ) -> Self {
        Self {
            family,
            model,
            structs,
            passed_on: unique_parts(family.modules.iter(), model),
        }
    }

    /// The method of a command.
    pub(super) fn method(
        &self,
        module: &Module,
        endpoint: &Endpoint,
        batch: &Batch,
        single: &SingleCall,
        file: &mut RustFile,
    ) -> Result<TokenStream, String> {
        let structs = self.structs.get(&module.source);
        let structs = structs.ok_or_else(|| format!("{} has no structs", module.source))?;
        let request = ident(&endpoint.request);
        let arguments = self.arguments(module, endpoint, batch, structs)?;
        let parameters = arguments.iter().map(|(name, ty, _)| {
            let ty = self.named(ty, module, file);
            quote! { #name: #ty }
        });
        let parameters: Vec<_> = parameters.collect();
        let values = arguments.iter().map(|(.., value)| value);
        let may_lack = single.may_lack || !single.absent.is_empty();
        let given = match (&single.gives, &batch.results) {
            (Gives::Nothing, _) if single.absent.is_empty() => quote! { () },
            (Gives::Nothing | Gives::Is(..), _) | (_, None) => quote! { bool },
            (Gives::Entry, Some(results)) => {
                let entry = structs.item_type(&endpoint.reply, &results.list)?;
                optional(self.named(&entry.to_token_stream(), module, file), may_lack)
            }
            (Gives::Field(field), Some(_)) => {
                let ty = type_of(field)?;
                optional(self.named(&ty, module, file), may_lack)
            }
        };
        let reading = self.reading(module, single, file)?;
        let absent = (!single.absent.is_empty()).then(|| {
            file.import("tencent_chat_types", "ErrorCode");
            let codes = single.absent.iter().map(|code| ident(code));
            quote! { .absent(&[#(ErrorCode::#codes),*]) }
        });
        file.import("crate", "ItemCall");
        let mut docs = single.summary.trim().to_owned();
        let is_reported = batch.results.is_some() || batch.failed.is_some();
        for part in [is_reported.then(|| meaning(single)), by_place(&arguments)] {
            docs.extend(part.map(|part| format!("\n\n{part}")));
        }
        let docs = doc(&format!(
            "{docs}\n\nSends [`{request}`] with one item; see there for limits, quota, retries and error codes."
        ));
        let name = ident(&single.name);
        Ok(quote! {
            #docs
            pub fn #name(self, #(#parameters),*) -> ItemCall<'a, #request, #given, C> {
                ItemCall::new(self.client, #request::new(#(#values),*), #reading) #absent
            }
        })
    }

    /// The values that the request needs, in the order of its constructor.
    fn arguments(
        &self,
        module: &Module,
        endpoint: &Endpoint,
        batch: &Batch,
        structs: &Structs,
    ) -> Result<Vec<Argument>, String> {
        let request = &endpoint.request;
        let object = module.objects.iter().find(|object| object.name == *request);
        let object = object.ok_or_else(|| format!("there is no {request}"))?;
        let constructors = Start::of(module, self.model).constructors(object);
        let constructor = constructors.first();
        let constructor = constructor.filter(|new| new.named().is_none());
        let constructor =
            constructor.ok_or_else(|| format!("{request}::new takes values by name"))?;
        let argument = |field: &&Field| {
            let of = &structs.field(request, &field.wire)?.ty;
            let (ty, _) = constructor.argument(field, of)?;
            let name = ident(&field.rust);
            if field.wire != batch.items.wire {
                return Ok((name.clone(), ty, quote! { #name }));
            }
            let item = item_of(&ty).ok_or_else(|| format!("{request}.{name} is not a list"))?;
            let name = name_of_item(batch);
            Ok(match constructor.item_fits_neighbour(field) {
                true => (name.clone(), quote! { [#item; 1] }, quote! { #name }),
                false => (name.clone(), item, quote! { [#name] }),
            })
        };
        constructor.asked.iter().map(argument).collect()
    }

    /// How the entry of an item becomes what the method returns.
    fn reading(
        &self,
        module: &Module,
        single: &SingleCall,
        file: &mut RustFile,
    ) -> Result<TokenStream, String> {
        let absent = !single.absent.is_empty();
        Ok(match &single.gives {
            Gives::Nothing if absent => quote! { |_| Some(true) },
            Gives::Nothing => quote! { |_| Some(()) },
            Gives::Entry if single.may_lack => quote! { |entry| Some(entry.cloned()) },
            Gives::Entry if absent => quote! { |entry| entry.cloned().map(Some) },
            Gives::Entry => quote! { |entry| entry.cloned() },
            Gives::Field(field) => {
                let name = ident(&field.rust);
                let value = match field.ty.is_copy() {
                    true => quote! { entry.#name },
                    false => quote! { entry.#name.clone() },
                };
                match (single.may_lack, absent) {
                    (true, _) => quote! { |entry| Some(entry.map(|entry| #value)) },
                    (false, true) => quote! { |entry| entry.map(|entry| Some(#value)) },
                    (false, false) => quote! { |entry| entry.map(|entry| #value) },
                }
            }
            Gives::Is(field, constants) => {
                let name = ident(&field.rust);
                let ty = self.named(&type_of(field)?, module, file);
                let constants: Vec<_> = constants.iter().map(|name| ident(name)).collect();
                let is_one = |value: TokenStream, reference: TokenStream| match constants.as_slice()
                {
                    [one] => quote! { #value == #ty::#one },
                    all => quote! { [#(#ty::#all),*].contains(#reference) },
                };
                match (single.may_lack, field.required) {
                    (false, true) => {
                        let test = is_one(quote! { entry.#name }, quote! { &entry.#name });
                        quote! { |entry| entry.map(|entry| #test) }
                    }
                    (false, false) => {
                        let test = is_one(quote! { *value }, quote! { value });
                        quote! { |entry| entry?.#name.as_ref().map(|value| #test) }
                    }
                    (true, true) => {
                        let test = is_one(quote! { entry.#name }, quote! { &entry.#name });
                        quote! { |entry| Some(entry.is_some_and(|entry| #test)) }
                    }
                    (true, false) => {
                        let test = is_one(quote! { *value }, quote! { value });
                        quote! {
                            |entry| match entry {
                                Some(entry) => entry.#name.as_ref().map(|value| #test),
                                None => Some(false),
                            }
                        }
                    }
                }
            }
        })
    }

    /// Imports the types that are named, or names them by their paths.
    fn named(&self, ty: &TokenStream, module: &Module, file: &mut RustFile) -> TokenStream {
        let tokens = ty.clone().into_iter().map(|token| match token {
            TokenTree::Ident(name) => self.type_name(&name, module, file),
            TokenTree::Group(group) => {
                let inner = self.named(&group.stream(), module, file);
                TokenTree::Group(Group::new(group.delimiter(), inner)).into()
            }
            other => other.into(),
        });
        tokens.collect()
    }

    fn type_name(&self, name: &Ident, module: &Module, file: &mut RustFile) -> TokenStream {
        let text = name.to_string();
        let family = ident(&self.family.name);
        let passed_on = self.passed_on.get(module.name.as_str());
        if passed_on.is_some_and(|names| names.contains(&text)) {
            let path = format!("tencent_chat_types::{}", self.family.name);
            file.import(&path, &text);
            return name.to_token_stream();
        }
        if defines(module, &text) {
            let module = ident(&module.name);
            return quote! { tencent_chat_types::#family::#module::#name };
        }
        if self
            .model
            .shared
            .iter()
            .any(|module| defines(module, &text))
        {
            file.import("tencent_chat_types::model", &text);
        }
        name.to_token_stream()
    }
}

/// What the caller gets, and what is an error.
fn meaning(single: &SingleCall) -> String {
    let codes: Vec<String> = (single.absent.iter())
        .map(|code| format!("[`{code}`](ErrorCode::{code})"))
        .collect();
    let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
    let unlisted = match (&single.gives, single.may_lack) {
        (Gives::Nothing, _) | (_, false) => None,
        (_, true) => Some("if the reply does not list it"),
    };
    let codes = (!codes.is_empty()).then(|| format!("for {}", listed(&codes)));
    let cases: Vec<&str> = codes.as_deref().into_iter().chain(unlisted).collect();
    let nothing = match single.gives {
        Gives::Nothing | Gives::Is(..) => "`false`",
        Gives::Entry | Gives::Field(_) => "`None`",
    };
    match cases.as_slice() {
        [] => "If the service reports a failure for the item, that is an error.".to_owned(),
        cases => format!(
            "Returns {nothing} {}. Any other failure of the item is an error.",
            cases.join(" and ")
        ),
    }
}

/// Why an argument is a list of one.
fn by_place(arguments: &[Argument]) -> Option<String> {
    let in_list = |(_, ty, _): &&Argument| {
        let mut tokens = ty.clone().into_iter();
        matches!(tokens.next(), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket)
    };
    let (name, ..) = arguments.iter().find(in_list)?;
    Some(format!(
        "`{name}` is a list of one, so that it cannot change places with the argument next to it."
    ))
}

fn optional(ty: TokenStream, is_optional: bool) -> TokenStream {
    match is_optional {
        true => quote! { Option<#ty> },
        false => ty,
    }
}

/// `T` of `impl IntoIterator<Item = T>`.
fn item_of(list: &TokenStream) -> Option<TokenStream> {
    let syn::Type::ImplTrait(list) = syn::parse2(list.clone()).ok()? else {
        return None;
    };
    let syn::TypeParamBound::Trait(bound) = list.bounds.first()? else {
        return None;
    };
    let syn::PathArguments::AngleBracketed(arguments) = &bound.path.segments.last()?.arguments
    else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::AssocType(item) => Some(item.ty.to_token_stream()),
        _ => None,
    })
}

/// What the item is called: as the field that identifies it, or as its list without the word for that.
fn name_of_item(batch: &Batch) -> Ident {
    match batch.key.as_slice() {
        [key] if key.path.len() == 1 => ident(&key.path[0]),
        _ => ident(&batch.items.rust.replace("_list", "")),
    }
}

fn type_of(field: &Field) -> Result<TokenStream, String> {
    Ok(match &field.ty {
        Type::Named(name, _) => ident(name).to_token_stream(),
        Type::String => quote! { String },
        Type::Bool => quote! { bool },
        Type::U32 => quote! { u32 },
        Type::U64 => quote! { u64 },
        Type::I32 => quote! { i32 },
        Type::I64 => quote! { i64 },
        other => return Err(format!("`{}` cannot be returned: {other:?}", field.wire)),
    })
}

fn defines(module: &Module, name: &str) -> bool {
    let objects = module.objects.iter().map(|object| &object.name);
    let enums = module.enums.iter().map(|def| &def.name);
    let unions = module.unions.iter().map(|def| &def.name);
    objects
        .chain(enums)
        .chain(unions)
        .any(|known| known == name)
}
