//! Conversions into objects and unions, besides their constructors, and builders for lists of a union's elements.

use super::{
    docs::doc,
    made_of::{Types, besides, key_and_value, of_object},
    rust_file::RustFile,
};
use crate::codegen::{
    model::{Field, Object, Union},
    names::{bare, field_name, ident},
    tidy,
};
use quote::{ToTokens as _, quote};
use std::fmt::Write as _;

/// Conversions of a string or tuple into an object, and lookup by its key.
pub(super) fn emit_object(
    file: &mut RustFile,
    object: &Object,
    structs: &tidy::Structs,
) -> Result<(), String> {
    let name = &object.name;
    let made = of_object(object);
    if made.text {
        file.text(format!("from_text!({name});"));
    }
    let Some((key, value)) = key_and_value(object) else {
        return Ok(());
    };
    let ty = |field: &Field| -> Result<String, String> {
        let ty = tidy::plain(&structs.field(name, &field.wire)?.ty);
        Ok(ty.to_token_stream().to_string())
    };
    let kind = match value.required {
        true => "required",
        false => "optional",
    };
    let (key_name, value_name, value_type) = (&key.rust, &value.rust, ty(value)?);
    if made.pair {
        let others = besides(object, key, value);
        let others: String = others.map(|field| format!(", {}", field.rust)).collect();
        let key_type = ty(key)?;
        file.text(format!(
            "from_pair!({name} {{ {key_name}: {key_type}, {kind} {value_name}: {value_type}{others} }});"
        ));
    }
    file.text(format!(
        "key_value!({name} {{ {key_name}, {kind} {value_name}: {value_type} }});"
    ));
    Ok(())
}

/// Conversion of a string into a union, accessors for its variants, and a builder for a list of its elements.
pub(super) fn emit_union<'a>(file: &mut RustFile, def: &'a Union, types: Types<'a>) {
    let name = &def.name;
    let union = ident(name);
    let looks = def.variants.iter().map(|variant| {
        let method = ident(&format!("as_{}", bare(&field_name(&variant.rust))));
        let (rust, ty) = (ident(&variant.rust), ident(&variant.ty));
        let docs = doc(&format!(
            "The content, if this is [`{0}`](Self::{0}).",
            variant.rust
        ));
        quote! {
            #docs
            pub fn #method(&self) -> Option<&#ty> {
                match self {
                    Self::#rust(content) => Some(content),
                    _ => None,
                }
            }
        }
    });
    file.items(quote! { impl #union { #(#looks)* } });
    if let Some((variant, content)) = types.variant_of_text(def) {
        file.text(format!("union_from_text!({name}::{variant}({content}));"));
    }
    let Some(list) = &def.list else {
        return;
    };
    let list_name = ident(list);
    let docs = doc(&format!(
        "Builds a list of [`{name}`] of different kinds. It can be passed wherever such a list is expected. An array \
         can't hold different kinds, because Rust can't infer the target type of each `.into()`."
    ));
    let eq = (!def.has_fractions).then(|| quote! { , Eq });
    file.items(quote! {
        #docs
        #[derive(Clone, Debug, Default, PartialEq #eq)]
        pub struct #list_name(Vec<#union>);
    });
    let mut table = format!("union_list!({list} of {name} {{");
    for variant in &def.variants {
        let _ = write!(
            table,
            "\n    {}({}),",
            field_name(&variant.rust),
            variant.ty
        );
    }
    file.text(table + "\n});");
}
