//! JSON schemas of the wire's types, as serde writes and reads them.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use syn::punctuated::Punctuated;
use syn::{Field, Fields, GenericArgument, Item, ItemEnum, ItemStruct, PathArguments, Token, Type};

use super::attributes::{Serde, derives, other_name, snake_case, words};
use super::source::{Place, Sources};

/// Who writes it: an answer has every field that is not left out on purpose, a request only those that it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    Answer,
    Request,
}

/// Schemas by name, gathered while routes ask for them.
pub(crate) struct Schemas<'a> {
    sources: &'a Sources,
    made: BTreeMap<String, (Place, Flow, Value)>,
}

impl<'a> Schemas<'a> {
    pub(crate) fn new(sources: &'a Sources) -> Self {
        Self { sources, made: BTreeMap::new() }
    }

    /// All that were asked for, by name.
    pub(crate) fn into_components(self) -> Map<String, Value> {
        self.made.into_iter().map(|(name, (_, _, schema))| (name, schema)).collect()
    }

    /// What a reference leads to.
    pub(crate) fn looked_up(&self, reference: &Value) -> Value {
        let name = reference["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        self.made[name].2.clone()
    }

    /// The schema of a type that stands in this module.
    pub(crate) fn of(&mut self, module: &str, ty: &Type, flow: Flow) -> Value {
        if let Type::Tuple(tuple) = ty {
            let parts: Vec<Value> = tuple.elems.iter().map(|part| self.of(module, part, flow)).collect();
            return json!({"type": "array", "minItems": parts.len(), "maxItems": parts.len(), "prefixItems": parts});
        }
        let Type::Path(path) = ty else { panic!("{module}: only named types are known here") };
        let Some(last) = path.path.segments.last() else { panic!("{module}: a type without a name") };
        let inner: Vec<&Type> = match &last.arguments {
            PathArguments::AngleBracketed(inside) => inside
                .args
                .iter()
                .filter_map(|arg| if let GenericArgument::Type(ty) = arg { Some(ty) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        match (last.ident.to_string().as_str(), inner.as_slice()) {
            ("String", []) => json!({"type": "string"}),
            ("bool", []) => json!({"type": "boolean"}),
            ("u8" | "u16" | "u32" | "u64" | "usize", []) => json!({"type": "integer", "minimum": 0}),
            ("i32" | "i64", []) => json!({"type": "integer"}),
            ("f32" | "f64", []) => json!({"type": "number"}),
            ("Value", []) => json!({}),
            ("Box", [one]) => self.of(module, one, flow),
            ("Vec", [one]) => json!({"type": "array", "items": self.of(module, one, flow)}),
            ("Option", [one]) => or_null(self.of(module, one, flow)),
            ("BTreeMap" | "HashMap", [_, one]) => {
                json!({"type": "object", "additionalProperties": self.of(module, one, flow)})
            }
            ("Page", [one]) => self.page(module, one, flow),
            (_, []) => self.named(&self.sources.resolve(module, &path.path), flow),
            (name, _) => panic!("{module}: {name}<…> is not known here"),
        }
    }

    /// A list of something is a schema of its own, because clients give it a name.
    fn page(&mut self, module: &str, of: &Type, flow: Flow) -> Value {
        let item = self.of(module, of, flow);
        let inner = item["$ref"].as_str().and_then(|path| path.rsplit('/').next()).expect("pages are of named things");
        let (name, place) = (format!("{inner}Page"), ("wire/page".to_owned(), format!("Page of {inner}")));
        let Some(Item::Struct(page)) = self.sources.item(&("wire/page".to_owned(), "Page".to_owned())) else {
            panic!("wire/page.rs has no Page")
        };
        let mut schema = json!({"type": "object", "properties": {}, "required": ["items", "next_cursor"]});
        for field in &page.fields {
            let field_name = field.ident.as_ref().expect("a page has named fields").to_string();
            let mut property = match field_name.as_str() {
                "items" => json!({"type": "array", "items": item.clone()}),
                "next_cursor" => json!({"type": ["string", "null"]}),
                other => panic!("a page has a new field {other}: describe it here"),
            };
            describe(&mut property, words(&field.attrs));
            schema["properties"][field_name] = property;
        }
        self.keep(name, &place, flow, schema)
    }

    fn named(&mut self, place: &Place, flow: Flow) -> Value {
        let Some(item) = self.sources.item(place) else {
            panic!("{}::{} is not declared in the folders that are read", place.0, place.1)
        };
        let attributes = match item {
            Item::Struct(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            _ => panic!("{} is no type", place.1),
        };
        let name = other_name(attributes).unwrap_or_else(|| place.1.clone());
        let derived = if flow == Flow::Answer { "Serialize" } else { "Deserialize" };
        assert!(derives(attributes, derived), "{name} is written by hand: its schema cannot be derived");
        // Types may speak of themselves: the name is taken before the fields are looked at.
        if self.made.get(&name).is_none_or(|(known, way, _)| known != place || *way != flow) {
            if !self.made.contains_key(&name) {
                self.made.insert(name.clone(), (place.clone(), flow, Value::Null));
            }
            let mut schema = match item {
                Item::Struct(item) => self.of_struct(&place.0, item, flow),
                Item::Enum(item) => self.of_enum(&place.0, item, flow),
                _ => Value::Null,
            };
            let text = [words(attributes), schema["description"].as_str().unwrap_or_default().to_owned()];
            describe(&mut schema, text.join("\n").trim().to_owned());
            if self.made[&name].2.is_null() {
                self.made.remove(&name);
            }
            return self.keep(name, place, flow, schema);
        }
        reference(&name)
    }

    fn keep(&mut self, name: String, place: &Place, flow: Flow, schema: Value) -> Value {
        let answer = reference(&name);
        if let Some((known, _, before)) = self.made.get(&name) {
            assert_eq!(known, place, "two types are called {name}: give one of them another name for the wire");
            assert_eq!(*before, schema, "{name} is asked and answered, and differs: make it two types");
            return answer;
        }
        self.made.insert(name, (place.clone(), flow, schema));
        answer
    }

    fn of_struct(&mut self, module: &str, item: &ItemStruct, flow: Flow) -> Value {
        let all_default = Serde::of(&item.attrs).default;
        let Fields::Named(fields) = &item.fields else { panic!("{} has no named fields", item.ident) };
        self.object(module, &fields.named, flow, all_default)
    }

    /// An object with these fields.
    pub(crate) fn object(
        &mut self,
        module: &str,
        fields: &Punctuated<Field, Token![,]>,
        flow: Flow,
        all_default: bool,
    ) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in fields {
            let serde = Serde::of(&field.attrs);
            let mut property = self.of(module, &field.ty, flow);
            if serde.flatten {
                let inner = self.looked_up(&property);
                properties.extend(inner["properties"].as_object().cloned().unwrap_or_default());
                required.extend(inner["required"].as_array().cloned().unwrap_or_default());
                continue;
            }
            let name =
                serde.rename.unwrap_or_else(|| field.ident.as_ref().map(ToString::to_string).unwrap_or_default());
            let always = match flow {
                Flow::Answer => !serde.skipped_if,
                Flow::Request => !all_default && !serde.default && (serde.must_be_named || !is_option(&field.ty)),
            };
            if always {
                required.push(json!(name));
            }
            describe(&mut property, words(&field.attrs));
            properties.insert(name, property);
        }
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = Value::Array(required);
        }
        schema
    }

    fn of_enum(&mut self, module: &str, item: &ItemEnum, flow: Flow) -> Value {
        let serde = Serde::of(&item.attrs);
        let plain = item.variants.iter().all(|variant| matches!(variant.fields, Fields::Unit));
        let name_of = |variant: &syn::Variant| {
            let name = variant.ident.to_string();
            Serde::of(&variant.attrs).rename.unwrap_or(if serde.snake_case { snake_case(&name) } else { name })
        };
        if plain {
            let names: Vec<String> = item.variants.iter().map(name_of).collect();
            let told = item.variants.iter().zip(&names).map(|(one, name)| format!("- `{name}`: {}", words(&one.attrs)));
            return json!({"type": "string", "enum": names, "description": told.collect::<Vec<_>>().join("\n")});
        }
        let mut ways = Vec::new();
        for variant in &item.variants {
            let name = name_of(variant);
            let mut object = match &variant.fields {
                Fields::Named(fields) => self.object(module, &fields.named, flow, false),
                Fields::Unnamed(fields) if fields.unnamed.len() == 1 => self.of(module, &fields.unnamed[0].ty, flow),
                _ => panic!("{}::{} has a shape that is not known here", item.ident, variant.ident),
            };
            if let Some(tag) = &serde.tag {
                let mut required = vec![json!(tag)];
                required.extend(object["required"].as_array().cloned().unwrap_or_default());
                object["required"] = Value::Array(required);
                object["properties"][tag] = json!({"const": name});
            } else if !serde.untagged {
                let mut properties = Map::new();
                properties.insert(name.clone(), object);
                object = json!({"type": "object", "properties": properties, "required": [name]});
            }
            describe(&mut object, words(&variant.attrs));
            ways.push(object);
        }
        json!({"anyOf": ways})
    }
}

/// Whether it may be left out of a request.
pub(crate) fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn or_null(mut schema: Value) -> Value {
    match schema["type"].as_str().map(ToOwned::to_owned) {
        Some(kind) => {
            schema["type"] = json!([kind, "null"]);
            schema
        }
        None if schema == json!({}) => schema,
        None => json!({"anyOf": [schema, {"type": "null"}]}),
    }
}

/// What is left out when there is nothing to say, and what stands in an address, is never `null`.
pub(crate) fn never_null(schema: &mut Value) {
    if let Some(kind) = schema["type"].get(0).cloned() {
        schema["type"] = kind;
    } else if let Some(one) = schema["anyOf"].get(0).filter(|_| schema["anyOf"][1] == json!({"type": "null"})) {
        *schema = one.clone();
    }
}

fn describe(schema: &mut Value, text: String) {
    if !text.is_empty() {
        schema["description"] = Value::String(text);
    }
}
