//! The answers of an app to a webhook.

use super::{
    arguments::{Start, parameter},
    docs::doc,
    rust_file::RustFile,
    setters::setter,
};
use crate::codegen::{
    model::{Answer, Each, Field, Object, Refuse, Webhook},
    names::ident,
    tidy,
};
use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote};

fn refusal((from, to): (i64, i64)) -> TokenStream {
    let (from, to) = (Literal::i64_unsuffixed(from), Literal::i64_unsuffixed(to));
    quote! { Refusal<#from, #to> }
}

/// The enum of possible answers, and its wire format.
pub(super) fn emit_answer(file: &mut RustFile, webhook: &Webhook, answer: &Answer) {
    let (event, reply) = (ident(&webhook.event), ident(&answer.reply));
    let name = format_ident!("{}Answer", webhook.event);
    let changes = format_ident!("{}Changes", webhook.event);
    let docs = doc(&format!("Possible answers to [`{}`].", webhook.event));
    let mut variants = TokenStream::new();
    let mut write = TokenStream::new();
    let mut read = TokenStream::new();
    let mut effects = TokenStream::new();
    let mut abilities = TokenStream::new();

    let text = doc(&answer.allow);
    variants.extend(quote! { #text Allow, });
    effects.extend(quote! { Self::Allow => Effect::Allow, });
    write.extend(match &answer.each {
        Some(each) => {
            let results = ident(&each.results.0.rust);
            quote! { Self::Allow => reply.#results = Self::results(event, &BTreeMap::new()), }
        }
        None => quote! { Self::Allow => {} },
    });

    if let Some(Refuse {
        code,
        codes,
        doc: text,
    }) = &answer.refuse
    {
        let code = Literal::i64_unsuffixed(*code);
        let text = doc(text);
        variants.extend(quote! { #text Refuse, });
        effects.extend(quote! { Self::Refuse => Effect::Refuse, });
        write.extend(quote! { Self::Refuse => reply.envelope = coded(#code, ""), });
        read.extend(quote! { #code => return Some(Self::Refuse), });
        if let Some(codes) = codes {
            let docs = doc(&format!(
                "Like [`Refuse`](Self::Refuse), with a custom code from {} to {} and a message for the user.",
                codes.0, codes.1
            ));
            let refusal = refusal(*codes);
            let (from, to) = (
                Literal::i64_unsuffixed(codes.0),
                Literal::i64_unsuffixed(codes.1),
            );
            abilities.extend(quote! {
                impl From<#refusal> for #name {
                    fn from(refusal: #refusal) -> Self {
                        Self::RefuseWith(refusal)
                    }
                }

                impl CanRefuse for #name {
                    const CODES: RangeInclusive<i64> = #from..=#to;

                    fn refuse() -> Self {
                        Self::Refuse
                    }

                    fn refuse_with(code: i64, text: impl Into<String>) -> Result<Self, CodeOutOfRange> {
                        Refusal::new(code, text).map(Self::RefuseWith)
                    }
                }
            });
            variants.extend(quote! { #docs RefuseWith(#refusal), });
            effects.extend(quote! { Self::RefuseWith(_) => Effect::Refuse, });
            write.extend(
                quote! { Self::RefuseWith(refusal) => reply.envelope = refusal.envelope(), },
            );
            let (from, to) = (
                Literal::i64_unsuffixed(codes.0),
                Literal::i64_unsuffixed(codes.1),
            );
            read.extend(quote! {
                #from..=#to => return Refusal::of(&reply.envelope).map(Self::RefuseWith),
            });
        }
    }
    if let Some((code, text)) = &answer.drop {
        let code = Literal::i64_unsuffixed(*code);
        let text = doc(text);
        variants.extend(quote! { #text Drop, });
        effects.extend(quote! { Self::Drop => Effect::Drop, });
        write.extend(quote! { Self::Drop => reply.envelope = coded(#code, ""), });
        read.extend(quote! { #code => return Some(Self::Drop), });
        abilities.extend(quote! {
            impl CanDrop for #name {
                fn drop() -> Self {
                    Self::Drop
                }
            }
        });
    }
    if let Some(each) = &answer.each {
        let docs = doc(&format!(
            "{}\n\nMaps each refused `{}` to a code from {} to {}; all others are allowed.",
            each.doc.trim(),
            each.key.wire,
            each.codes.0,
            each.codes.1
        ));
        let refusal = refusal(each.codes);
        variants.extend(quote! { #docs RefuseSome(BTreeMap<String, #refusal>), });
        effects.extend(quote! { Self::RefuseSome(_) => Effect::RefuseSome, });
        let results = ident(&each.results.0.rust);
        write.extend(quote! {
            Self::RefuseSome(refused) => reply.#results = Self::results(event, &refused),
        });
    }
    let mut changed = quote! { Some(Self::Allow) };
    if let Some((text, fields)) = &answer.change {
        let docs = doc(text);
        variants.extend(quote! { #docs Change(#changes), });
        effects.extend(quote! { Self::Change(_) => Effect::Change, });
        let fields: Vec<_> = fields.iter().map(|field| ident(&field.rust)).collect();
        let allowed = answer.each.as_ref().map(|each| {
            let results = ident(&each.results.0.rust);
            quote! { reply.#results = Self::results(event, &BTreeMap::new()); }
        });
        write.extend(quote! {
            Self::Change(changes) => { #allowed #(reply.#fields = changes.#fields;)* }
        });
        changed = quote! {
            let changes = #changes { #(#fields: reply.#fields),* };
            Some(if changes == #changes::new() { Self::Allow } else { Self::Change(changes) })
        };
    }
    let read_each = answer.each.as_ref().map(|each| {
        let results = ident(&each.results.0.rust);
        let (key, code, info) = (
            ident(&each.result_key.rust),
            ident(&each.code.rust),
            ident(&each.info.rust),
        );
        quote! {
            let mut refused = BTreeMap::new();
            for result in &reply.#results {
                if !result.#code.is_ok() {
                    let refusal = Refusal::new(result.#code.0, result.#info.as_str()).ok()?;
                    refused.insert(result.#key.clone(), refusal);
                }
            }
            if !refused.is_empty() {
                return Some(Self::RefuseSome(refused));
            }
        }
    });
    let results = answer.each.as_ref().map(|each| results(webhook, each));
    let event_used = match answer.each {
        Some(_) => quote! { event },
        None => quote! { _ },
    };
    // With a result for each item, even an answer that allows depends on the event.
    let acknowledges = answer.each.is_none().then(|| {
        quote! {
            fn is_acknowledgement(&self) -> bool {
                matches!(self, Self::Allow)
            }
        }
    });
    let only_allows = answer.refuse.is_none()
        && answer.drop.is_none()
        && answer.each.is_none()
        && answer.change.is_none();
    let mutable = (!only_allows).then(|| quote! { mut });
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #variants
        }

        impl Answer<#event> for #name {
            type Reply = #reply;

            fn allow() -> Self {
                Self::Allow
            }

            fn into_reply(self, #event_used: &#event) -> #reply {
                let #mutable reply = #reply { envelope: Envelope::ok(), ..#reply::default() };
                match self {
                    #write
                }
                reply
            }

            fn from_reply(reply: #reply) -> Option<Self> {
                match reply.envelope.code().0 {
                    0 => {}
                    #read
                    _ => return None,
                }
                #read_each
                #changed
            }

            fn effect(&self) -> Effect {
                match self {
                    #effects
                }
            }

            #acknowledges
        }

        #abilities

        #results
    });
}

/// How an answer gets a result for each item of the event.
fn results(webhook: &Webhook, each: &Each) -> TokenStream {
    let (name, event) = (
        format_ident!("{}Answer", webhook.event),
        ident(&webhook.event),
    );
    let (items, key, result) = (
        ident(&each.items.0.rust),
        ident(&each.key.rust),
        ident(&each.results.1),
    );
    let (result_key, code, info) = (
        ident(&each.result_key.rust),
        ident(&each.code.rust),
        ident(&each.info.rust),
    );
    let refusal = refusal(each.codes);
    quote! {
        impl #name {
            /// Result for each item of the event: zero, or the refusal.
            fn results(event: &#event, refused: &BTreeMap<String, #refusal>) -> Vec<#result> {
                let result = |key: &str| {
                    let refusal = refused.get(key);
                    #result {
                        #result_key: key.to_owned(),
                        #code: ErrorCode(refusal.map_or(0, Refusal::code)),
                        #info: refusal.map_or("", Refusal::text).to_owned(),
                        ..#result::default()
                    }
                };
                event.#items.iter().map(|item| result(&item.#key)).collect()
            }
        }
    }
}

/// The parts that an answer can change.
pub(super) fn changes(
    webhook: &Webhook,
    reply: &Object,
    fields: &[Field],
    start: Start<'_>,
    structs: &tidy::Structs,
) -> Result<TokenStream, String> {
    let name = format_ident!("{}Changes", webhook.event);
    let docs = doc(&format!(
        "Changes made by [`{}Answer::Change`]. Parts that are not set stay unchanged.",
        webhook.event
    ));
    let mut parts = TokenStream::new();
    let mut setters = TokenStream::new();
    for field in fields {
        let rust = ident(&field.rust);
        let part = structs.field(&reply.name, &field.wire)?;
        parts.extend(quote! { #part, });
        let (setter, docs) = setter(field);
        let (ty, value) = parameter(field, &part.ty, start)?;
        setters.extend(quote! {
            #docs
            #[must_use]
            pub fn #setter(mut self, #rust: #ty) -> Self {
                self.#rust = Some(#value);
                self
            }
        });
    }
    Ok(quote! {
        #docs
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #parts
        }

        impl #name {
            /// Nothing changed yet.
            pub fn new() -> Self {
                Self::default()
            }
            #setters
        }
    })
}
