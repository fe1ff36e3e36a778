//! Implements `Paged` for a request.

use super::docs::doc;
use crate::codegen::{
    model::{Cursor, Endpoint, Field, Offset, Paging, PagingEnd, PagingStyle, Type},
    names::{camel_case, ident},
    tidy::Structs,
};
use proc_macro2::{Literal, TokenStream};
use quote::quote;

pub(super) fn paged_impl(
    endpoint: &Endpoint,
    paging: &Paging,
    structs: &Structs,
) -> Result<TokenStream, String> {
    let name = ident(&endpoint.request);
    let items = PagedItems::new(endpoint, paging, structs)?;
    let advance = match &paging.style {
        PagingStyle::Cursor(cursor, end, offset) => {
            let offset = offset.as_ref().map(|offset| {
                let absent = cursor.iter().map(|part| {
                    let from = ident(&part.reply.rust);
                    quote! { reply.#from.is_none() }
                });
                let count = advance_by_offset(offset, &items);
                quote! { if #(#absent)&&* { return #count; } }
            });
            let rest = advance_by_cursor(cursor, end, &items);
            quote! { #offset #rest }
        }
        PagingStyle::Offset(offset) => advance_by_offset(offset, &items),
        PagingStyle::Downwards(to, number) => {
            let (to, number) = (ident(&to.rust), ident(&number.rust));
            let list = items.listed()?;
            quote! { downwards(&mut self.#to, #list.map(|item| item.#number)) }
        }
    };
    let early = paging.early_end.as_ref().map(|end| {
        let end = ends(end, &[], &items);
        quote! { if #end { return Advance::End; } }
    });
    let (definition, item, take) = (&items.definition, &items.ty, &items.take);
    let take = match paging.reversed_pages {
        true => quote! { let mut items = #take; items.reverse(); items },
        false => take.clone(),
    };
    Ok(quote! {
        impl Paged for #name {
            type Item = #item;
            fn advance(&mut self, reply: &Self::Reply) -> Advance {
                #early
                #advance
            }
            fn items(reply: Self::Reply) -> Vec<Self::Item> {
                #take
            }
        }
        #definition
    })
}

/// The items of a page: from one list, or from several, in which case an enum says which.
struct PagedItems<'a> {
    lists: &'a [Field],
    ty: TokenStream,
    /// How to extract them from a reply.
    take: TokenStream,
    /// The enum, if there is one.
    definition: Option<TokenStream>,
}

impl<'a> PagedItems<'a> {
    fn new(endpoint: &Endpoint, paging: &'a Paging, structs: &Structs) -> Result<Self, String> {
        let mut types = Vec::new();
        let mut taken = Vec::new();
        for list in &paging.items {
            types.push(structs.item_type(&endpoint.reply, list)?);
            let name = ident(&list.rust);
            taken.push(match list.required {
                true => quote! { reply.#name },
                false => quote! { reply.#name.unwrap_or_default() },
            });
        }
        let lists = paging.items.as_slice();
        if let ([ty], [take]) = (types.as_slice(), taken.as_slice()) {
            return Ok(Self {
                lists,
                ty: quote! { #ty },
                take: take.clone(),
                definition: None,
            });
        }
        let (name, request) = (
            ident(&format!("{}Item", endpoint.request)),
            &endpoint.request,
        );
        let variants: Vec<_> = lists
            .iter()
            .map(|list| ident(&camel_case(&list.rust)))
            .collect();
        let docs = doc(&format!(
            "One item of [`{request}`], by the list of the reply that contains it."
        ));
        let mut meanings = Vec::new();
        for list in lists {
            let attributes = &structs.field(&endpoint.reply, &list.wire)?.attrs;
            meanings.push(quote! { #(#attributes)* });
        }
        let definition = quote! {
            #docs
            #[derive(Clone, Debug, PartialEq)]
            #[non_exhaustive]
            pub enum #name {
                #(#meanings #variants(#types),)*
            }

            impl serde::Serialize for #name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    match self {
                        #(Self::#variants(item) => serde::Serialize::serialize(item, serializer),)*
                    }
                }
            }
        };
        let all = taken.iter().zip(&variants).map(|(take, variant)| {
            quote! { items.extend(#take.into_iter().map(#name::#variant)); }
        });
        Ok(Self {
            lists,
            take: quote! { let mut items = Vec::new(); #(#all)* items },
            ty: quote! { #name },
            definition: Some(definition),
        })
    }

    /// The number of items.
    fn count(&self) -> TokenStream {
        let counts = self.lists.iter().map(|list| {
            let name = ident(&list.rust);
            match list.required {
                true => quote! { reply.#name.len() },
                false => quote! { reply.#name.as_ref().map_or(0, Vec::len) },
            }
        });
        quote! { #(#counts)+* }
    }

    /// Whether there are no items.
    fn are_none(&self) -> TokenStream {
        let none = self.lists.iter().map(|list| {
            let name = ident(&list.rust);
            match list.required {
                true => quote! { reply.#name.is_empty() },
                false => quote! { is_start(&reply.#name) },
            }
        });
        quote! { #(#none)&&* }
    }

    /// An iterator over the items of the only list.
    fn listed(&self) -> Result<TokenStream, String> {
        let [list] = self.lists else {
            return Err("paging downwards needs a single list of items".to_owned());
        };
        let name = ident(&list.rust);
        Ok(match list.required {
            true => quote! { reply.#name.iter() },
            false => quote! { reply.#name.iter().flatten() },
        })
    }
}

fn advance_by_offset(offset: &Offset, items: &PagedItems<'_>) -> TokenStream {
    let (to, total) = (ident(&offset.request.rust), ident(&offset.total.rust));
    let count = items.count();
    quote! { by_offset(&mut self.#to, #count, reply.#total) }
}

/// A field that ends the paging, compared as a number.
fn ending(field: &Field) -> TokenStream {
    let name = ident(&field.rust);
    match (&field.ty, field.required) {
        (Type::Named(..), true) => quote! { &reply.#name.0 },
        (Type::Named(..), false) => quote! { &reply.#name.map(|value| value.0) },
        _ => quote! { &reply.#name },
    }
}

/// Whether a page is the last one.
fn ends(end: &PagingEnd, cursor: &[Cursor], items: &PagedItems<'_>) -> TokenStream {
    match end {
        PagingEnd::FieldEquals(field, value) => {
            let field = ending(field);
            let value = Literal::i64_unsuffixed(*value);
            quote! { equals(#field, #value) }
        }
        PagingEnd::FieldNonzero(field) => {
            let field = ending(field);
            quote! { nonzero(#field) }
        }
        PagingEnd::NoItems => items.are_none(),
        PagingEnd::CursorZero => {
            let checks = cursor.iter().map(|Cursor { reply: from, .. }| {
                let from = ident(&from.rust);
                quote! { is_start(&reply.#from) }
            });
            quote! { #(#checks)&&* }
        }
    }
}

fn advance_by_cursor(cursor: &[Cursor], end: &PagingEnd, items: &PagedItems<'_>) -> TokenStream {
    let end = ends(end, cursor, items);
    let moves = cursor.iter().map(
        |Cursor {
             request: to,
             reply: from,
             ..
         }| {
            let (to_name, from_name) = (ident(&to.rust), ident(&from.rust));
            match (to.required, from.required) {
                (true, true) | (false, false) => {
                    quote! { carry(&mut self.#to_name, &reply.#from_name) }
                }
                (false, true) => quote! { carry_some(&mut self.#to_name, &reply.#from_name) },
                (true, false) => quote! { carry_optional(&mut self.#to_name, &reply.#from_name) },
            }
        },
    );
    quote! {
        if #end {
            return Advance::End;
        }
        let moved = [#(#moves),*];
        if moved.contains(&true) { Advance::Next } else { Advance::Stuck }
    }
}
