//! A struct with its documentation, and the table of its wire names.

use super::{
    batch,
    constructors::{Start, arguments, choices, constructors},
    docs::{doc, endpoint_facts},
    endpoints::endpoint_impl,
    events::event_facts,
    limits::validate,
    paging::paged_impl,
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Model, Module, Object, Role},
    names::ident,
    tidy,
};
use quote::quote;
use std::fmt::Write as _;

pub(super) fn emit(
    file: &mut RustFile,
    module: &Module,
    model: &Model,
    object: &Object,
    structs: &tidy::Structs,
) -> Result<(), String> {
    let endpoint = module.endpoint.as_ref();
    let tag = model.webhooks.as_ref().map(|all| all.tag.as_str());
    let start = Start {
        endpoint,
        webhook: tag.zip(module.webhook.as_ref()),
    };
    let name = ident(&object.name);
    let item = structs.item(&object.name)?;
    let (attributes, fields) = (&item.attrs, item.fields.iter());
    let own = quote! { #(#attributes)* };
    let docs = match (object.role, endpoint, &module.webhook) {
        (Role::Request, Some(endpoint), _) => {
            let facts = endpoint_facts(endpoint, &model.errors);
            quote! { #own #facts }
        }
        (Role::Event, _, Some(webhook)) => {
            let facts = event_facts(webhook);
            quote! { #own #facts }
        }
        // Each way to answer has a definition, and the struct holds them all.
        (Role::Reply, _, Some(webhook)) => {
            doc(&format!("[`{}Answer`] as it travels.", webhook.event))
        }
        _ => own,
    };
    let envelope = (object.role == Role::Reply).then(|| {
        let docs = doc(match endpoint {
            Some(_) => "Result of the call as such: status, code, the server's own words.",
            None => "The head of the answer: status, code, the app's own words.",
        });
        quote! { #docs pub envelope: Envelope, }
    });
    // Only what can be made without a choice has a default; a request with required fields cannot.
    let can_default = match object.role {
        Role::Request => {
            arguments(object, start).next().is_none() && choices(object, start).is_empty()
        }
        Role::Event => false,
        Role::Reply | Role::Part => true,
    };
    let default = can_default.then(|| quote! { Default, });
    let extra_docs = doc(match object.role {
        Role::Reply => "What the reply held beyond the fields above.",
        Role::Event => "What the event held beyond the fields above.",
        _ => "What the object held beyond the fields above; also sent.",
    });
    file.items(quote! {
        #docs
        #[derive(Clone, #default PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields,)*
            #envelope
            #extra_docs
            pub extra: Extra,
        }
    });
    if object.role != Role::Reply {
        file.items(constructors(object, start, structs)?);
    }
    file.text(wire_table(object));
    if object.sent {
        file.items(validate(object, choices(object, start)));
    }
    match (object.role, endpoint) {
        (Role::Request, Some(endpoint)) => {
            file.items(endpoint_impl(module, endpoint, object));
            if let Some(paging) = &endpoint.paging {
                file.items(paged_impl(endpoint, paging, structs)?);
            }
            if let Some(batch) = &endpoint.batch {
                file.items(batch::batched_impl(endpoint, batch, structs)?);
            }
        }
        (Role::Reply, _) => file.items(quote! {
            impl Reply for #name {
                fn envelope(&self) -> &Envelope {
                    &self.envelope
                }
                fn envelope_mut(&mut self) -> &mut Envelope {
                    &mut self.envelope
                }
            }
        }),
        _ => {}
    }
    Ok(())
}

fn wire_table(object: &Object) -> String {
    let mut table = format!("wire_object!({}", object.name);
    if object.role == Role::Reply {
        table.push_str(" + envelope: Envelope");
    }
    table.push_str(" {");
    for field in &object.fields {
        let kind = if field.required {
            "required"
        } else {
            "optional"
        };
        let _ = write!(table, "\n    {kind} {:?} => {},", field.wire, field.rust);
    }
    table.push_str(if object.fields.is_empty() {
        "});"
    } else {
        "\n});"
    });
    table
}
