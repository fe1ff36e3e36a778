//! How requests are split: a pass over the finished model, since items and entries can have shared types.

use crate::codegen::{
    diagnostic::Diagnostics,
    load::{LoadedEndpoint, Spec},
    model::{
        Batch, BatchFailures, BatchResults, Field, Gives, KeyPart, Kind, Limit, Model, Module,
        SingleCall, Type, Values, Verdict,
    },
    spec::{self, At, ErrorCode, Unlisted},
};

/// Resolves the names of every `[batch]`.
pub(super) fn lower(spec: &Spec, model: &mut Model, errors: &mut Diagnostics) {
    let mut found = Vec::new();
    for loaded in &spec.endpoints {
        let Some(batch) = &loaded.file.batch else {
            continue;
        };
        match of_endpoint(loaded, batch, model, &spec.errors.file.codes) {
            Ok(lowered) => found.push((&loaded.source.path, lowered)),
            Err(name) => errors.report(
                &loaded.source,
                name.span.clone(),
                format!("`{}` leads nowhere", name.value),
            ),
        }
    }
    for (source, batch) in found {
        let module = model.modules_mut().find(|module| module.source == *source);
        if let Some(endpoint) = module.and_then(|module| module.endpoint.as_mut()) {
            endpoint.batch = Some(batch);
        }
    }
}

fn of_endpoint(
    loaded: &LoadedEndpoint,
    batch: &spec::Batch,
    model: &Model,
    codes: &[ErrorCode],
) -> Result<Batch, At<String>> {
    let missing = || batch.items.clone();
    let module = model
        .modules()
        .find(|module| module.source == loaded.source.path)
        .ok_or_else(missing)?;
    let scope = Scope { module, model };
    // Request and reply come first.
    let [request, reply, ..] = module.objects.as_slice() else {
        return Err(missing());
    };
    let items = find(&request.fields, &batch.items)?;
    let own = items.limits.iter().find_map(|limit| match limit {
        Limit::MaxItems(max) => Some(*max),
        _ => None,
    });
    let recommended = batch.at_most.as_ref().map(|most| most.value);
    let max = own.or(recommended).ok_or_else(missing)?;
    let listed = batch.results.is_some() || batch.failed.is_some();
    let key = match listed {
        true => scope.key(&batch.items, items, &batch.key)?,
        false => Vec::new(),
    };
    let results = match &batch.results {
        Some(results) => {
            let list = find(&reply.fields, &results.list)?;
            let fields = scope.fields_of(list);
            let verdict = match (&results.code, &results.failed_if) {
                (Some(code), _) => Some(Verdict::Code(find(fields, code)?.clone())),
                (None, Some(failed)) => {
                    let field = find(fields, &failed.field)?.clone();
                    Some(Verdict::Value(field, failed.value))
                }
                (None, None) => None,
            };
            let info = results.info.as_ref().map(|info| find(fields, info));
            Some(BatchResults {
                list: list.clone(),
                key: scope.key(&results.list, list, &results.key)?,
                verdict,
                info: info.transpose()?.cloned(),
            })
        }
        None => None,
    };
    let failed = match &batch.failed {
        Some(failed) => {
            let list = find(&reply.fields, &failed.list)?;
            let fields = scope.fields_of(list);
            let code = failed.code.as_ref().map(|code| find(fields, code));
            Some(BatchFailures {
                list: list.clone(),
                key: scope.key(&failed.list, list, &failed.key)?,
                code: code.transpose()?.cloned(),
            })
        }
        None => None,
    };
    let unlisted = match (&batch.unlisted, &results) {
        (Some(unlisted), _) => unlisted.value,
        (None, Some(_)) => Unlisted::Unknown,
        // The reply lists only failures, or nothing at all.
        (None, None) => Unlisted::Done,
    };
    let names = match &batch.names {
        Some(names) => Some(find(&request.fields, names)?.clone()),
        None => None,
    };
    let single = match &batch.single {
        Some(single) => {
            let list = results.as_ref().map(|results| &results.list);
            let mut lowered = scope.single(single, list, codes)?;
            lowered.may_lack = list.is_some() && unlisted == Unlisted::Done;
            Some(lowered)
        }
        None => None,
    };
    Ok(Batch {
        items: items.clone(),
        names,
        max,
        key,
        results,
        failed,
        unlisted,
        one_by_one: batch.one_by_one,
        single,
    })
}

/// The scopes in which names of types are looked up.
struct Scope<'a> {
    module: &'a Module,
    model: &'a Model,
}

impl<'a> Scope<'a> {
    /// The fields of the objects of a list; none if they are not objects.
    fn fields_of(&self, list: &Field) -> &'a [Field] {
        match &list.ty {
            Type::List(entry) => self.fields(entry),
            _ => &[],
        }
    }

    fn fields(&self, ty: &Type) -> &'a [Field] {
        let Type::Named(name, Kind::Object) = ty else {
            return &[];
        };
        let modules = std::iter::once(self.module).chain(&self.model.shared);
        let mut objects = modules.flat_map(|module| &module.objects);
        let object = objects.find(|object| object.name == *name);
        object.map_or(&[], |object| &object.fields)
    }

    /// The method for one item, whose entry is in `list`.
    fn single(
        &self,
        single: &spec::SingleCall,
        list: Option<&Field>,
        codes: &[ErrorCode],
    ) -> Result<SingleCall, At<String>> {
        let fields = list.map_or(&[][..], |list| self.fields_of(list));
        let gives = match (&single.field, &single.is) {
            (Some(field), _) => Gives::Field(find(fields, field)?.clone()),
            (None, Some(is)) => {
                let field = find(fields, &is.field)?;
                let constants = is.values.iter().map(|value| self.constant(field, value));
                Gives::Is(field.clone(), constants.collect::<Result<_, _>>()?)
            }
            (None, None) if single.entry.value => Gives::Entry,
            (None, None) => Gives::Nothing,
        };
        let endpoint = self.module.endpoint.as_ref();
        let service = endpoint.and_then(|endpoint| endpoint.path.split('/').nth(1));
        let absent = single.absent.iter().map(|code| {
            ErrorCode::of_service(codes, code.value, service.unwrap_or_default())
                .map(|known| known.name.value.clone())
                .ok_or_else(|| single.name.clone())
        });
        Ok(SingleCall {
            name: single.name.value.clone(),
            summary: single.summary.value.clone(),
            gives,
            may_lack: false,
            absent: absent.collect::<Result<_, _>>()?,
        })
    }

    /// The constant of a value of a field.
    fn constant(&self, field: &Field, value: &At<String>) -> Result<String, At<String>> {
        let Type::Named(name, Kind::StringEnum) = &field.ty else {
            return Err(value.clone());
        };
        let modules = std::iter::once(self.module).chain(&self.model.shared);
        let mut enums = modules.flat_map(|module| &module.enums);
        let Some(Values::String(values)) =
            (enums.find(|def| def.name == *name)).map(|def| &def.values)
        else {
            return Err(value.clone());
        };
        let known = values.iter().find(|(_, wire, _)| *wire == value.value);
        let constant = known.map(|(constant, ..)| constant.clone());
        constant.ok_or_else(|| value.clone())
    }

    fn key(
        &self,
        at: &At<String>,
        list: &Field,
        key: &[At<String>],
    ) -> Result<Vec<KeyPart>, At<String>> {
        if key.is_empty() {
            let Type::List(entry) = &list.ty else {
                return Err(at.clone());
            };
            let ty = (**entry).clone();
            let path = Vec::new();
            return Ok(vec![KeyPart { path, ty }]);
        }
        let part = |path: &At<String>| {
            let (mut fields, mut part) = (self.fields_of(list), None);
            let mut names = Vec::new();
            for step in path.split('.') {
                let field = fields.iter().find(|field| field.wire == step);
                let field = field.ok_or_else(|| path.clone())?;
                names.push(field.rust.clone());
                fields = self.fields(&field.ty);
                part = Some(field.ty.clone());
            }
            Ok(KeyPart {
                path: names,
                ty: part.ok_or_else(|| path.clone())?,
            })
        };
        key.iter().map(part).collect()
    }
}

fn find<'a>(fields: &'a [Field], name: &At<String>) -> Result<&'a Field, At<String>> {
    let mut found = fields.iter();
    found
        .find(|field| field.wire == name.value)
        .ok_or_else(|| name.clone())
}
