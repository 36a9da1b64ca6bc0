//! The document: routes and schemas, put together as OpenAPI 3.1.

use serde_json::{Map, Value, json};
use syn::{Item, Type};

use super::routes::Route;
use super::schema::{Flow, Schemas, never_null};
use super::source::Sources;

/// Answers that a handler builds by hand: route, status, media type or (in brackets) the type of its JSON.
const BY_HAND: [(&str, &str, &[&str]); 9] = [
    ("GET /live", "101", &[]),
    ("GET /openapi.json", "200", &["application/json"]),
    ("GET /sessions/{id}/export", "200", &["text/markdown", "text/html", "application/x-ndjson"]),
    ("GET /transcripts/{id}/lines/{line}/images/{index}", "200", &["image/*"]),
    ("GET /transcripts/{id}/lines/{line}/raw", "200", &["application/json"]),
    ("GET /transcripts/{id}/raw", "200", &["application/octet-stream"]),
    ("GET /usage.csv", "200", &["text/csv"]),
    ("POST /sign-in", "200", &["(wire/access Me)"]),
    ("POST /sign-out", "204", &[]),
];

const ABOUT: &str = "For scripts, and for the web app, which uses nothing else. Fields that are not known are ignored; \
    new ones may come at any time. Every role may do what the ones below it may: viewer, member, admin.";

/// Everything that the API serves.
pub(crate) fn document(sources: &Sources, routes: &[Route<'_>]) -> Value {
    let mut schemas = Schemas::new(sources);
    let mut paths = Map::new();
    for route in routes {
        let operation = operation(sources, &mut schemas, route);
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        path[&route.method] = operation;
    }
    for (name, _, _) in BY_HAND {
        assert!(routes.iter().any(|route| route.name() == name && route.opaque), "{name} needs no entry in BY_HAND");
    }
    let problem = schemas.of("wire/problem", &ty("Problem"), Flow::Answer);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Muster", "version": env!("CARGO_PKG_VERSION"), "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}, {"cookie": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": {"Problem": {
                "description": "What went wrong and what to do about it (RFC 9457).",
                "content": {"application/problem+json": {"schema": problem}},
            }},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "`muster token create NAME` makes one."},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "muster_session", "description": "Of a signed-in browser."},
            },
        },
    })
}

fn operation(sources: &Sources, schemas: &mut Schemas<'_>, route: &Route<'_>) -> Value {
    let words = route.words();
    assert!(!words.is_empty(), "the handler of {} has no doc comment that says what it is for", route.name());
    let (summary, rest) = words.split_once("\n\n").unwrap_or((&words, ""));
    let (_, module) = route.module.split_once('/').unwrap_or(("", &route.module));
    let mut operation = json!({
        "operationId": format!("{}_{}", if module == "mod" { "ws" } else { module }, route.handler.sig.ident),
        "tags": [tag(&route.path)],
        "summary": summary.trim_end_matches('.'),
        "responses": {"default": {"$ref": "#/components/responses/Problem"}},
    });
    let mut paragraphs = vec![rest.to_owned()];
    if route.guarded {
        operation["x-muster-role"] = json!(route.role);
        paragraphs.extend((route.role != "viewer").then(|| format!("Needs the role {}.", route.role)));
    } else {
        operation["security"] = json!([]);
    }
    let description = paragraphs.join("\n\n");
    if !description.trim().is_empty() {
        operation["description"] = json!(description.trim());
    }
    let parameters = parameters(sources, schemas, route);
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    let (status, answer) = answer(schemas, route);
    // Of what is served in parts the handler names the statuses.
    if route.statuses.iter().any(|status| status == "PARTIAL_CONTENT") {
        operation["responses"]["206"] = answer.clone();
        operation["responses"]["206"]["description"] = json!(described("206"));
        operation["responses"]["416"] = json!({"description": described("416")});
    }
    operation["responses"][status] = answer;
    if let Some(body) = body(schemas, route) {
        operation["requestBody"] = json!({"required": true, "content": body});
    }
    if route.path == "/live" {
        // What OpenAPI has no words for: the messages of the WebSocket, one JSON text each.
        operation["x-muster-messages"] = json!({
            "from_client": schemas.of("wire/live", &ty("LiveRequest"), Flow::Request),
            "to_client": schemas.of("wire/live", &ty("LiveMessage"), Flow::Answer),
        });
    }
    operation
}

/// First word of the address.
fn tag(path: &str) -> String {
    path.split(['/', '.']).find(|word| !word.is_empty()).unwrap_or_default().to_owned()
}

fn ty(name: &str) -> Type {
    syn::parse_str(name).expect("a type's name is a type")
}

fn parameters(sources: &Sources, schemas: &mut Schemas<'_>, route: &Route<'_>) -> Vec<Value> {
    let names = route.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let names: Vec<&str> = names.collect();
    assert_eq!(names.len(), route.path_types.len(), "{}: the handler takes other parts of the path", route.name());
    let mut parameters = Vec::new();
    for (name, ty) in names.iter().zip(&route.path_types) {
        let schema = schemas.of(&route.module, ty, Flow::Request);
        parameters.push(json!({"name": name, "in": "path", "required": true, "schema": schema}));
    }
    let Some(Type::Path(query)) = route.query else { return parameters };
    let place = sources.resolve(&route.module, &query.path);
    let Some(Item::Struct(item)) = sources.item(&place) else { panic!("{}: its query is no struct", route.name()) };
    let syn::Fields::Named(fields) = &item.fields else { panic!("{}: its query has no names", route.name()) };
    let object = schemas.object(&place.0, &fields.named, Flow::Request, false);
    let required = object["required"].as_array().cloned().unwrap_or_default();
    for (name, mut schema) in object["properties"].as_object().cloned().unwrap_or_default() {
        never_null(&mut schema);
        let mut parameter = json!({"name": name, "in": "query", "required": required.contains(&json!(name))});
        if let Some(words) = schema.as_object_mut().and_then(|schema| schema.remove("description")) {
            parameter["description"] = words;
        }
        parameter["schema"] = schema;
        parameters.push(parameter);
    }
    parameters
}

fn answer(schemas: &mut Schemas<'_>, route: &Route<'_>) -> (String, Value) {
    if route.opaque {
        let (_, status, kinds) = BY_HAND
            .iter()
            .find(|(name, _, _)| *name == route.name())
            .unwrap_or_else(|| panic!("{}: what it answers cannot be seen; say so in BY_HAND", route.name()));
        let mut answer = json!({"description": described(status)});
        for kind in *kinds {
            match kind.strip_prefix('(').and_then(|kind| kind.strip_suffix(')')).and_then(|kind| kind.split_once(' ')) {
                Some((module, name)) => answer["content"] = as_json(&schemas.of(module, &ty(name), Flow::Answer)),
                None => answer["content"][*kind] = json!({}),
            }
        }
        return ((*status).to_owned(), answer);
    }
    let status = match route.statuses.as_slice() {
        [] => "200",
        [one] if one == "CREATED" => "201",
        [one] if one == "ACCEPTED" => "202",
        [one] if one == "NO_CONTENT" => "204",
        others => panic!("{}: which of {others:?} does it answer with?", route.name()),
    };
    let mut answer = json!({"description": described(status)});
    if let Some(ty) = route.answer {
        answer["content"] = as_json(&schemas.of(&route.module, ty, Flow::Answer));
    }
    (status.to_owned(), answer)
}

fn described(status: &str) -> &'static str {
    match status {
        "101" => "The connection is a WebSocket now.",
        "201" => "Made.",
        "202" => "Begun.",
        "204" => "Done.",
        "206" => "The part that was asked for.",
        "416" => "There is no such part.",
        _ => "As asked.",
    }
}

fn body(schemas: &mut Schemas<'_>, route: &Route<'_>) -> Option<Value> {
    if route.bytes {
        return Some(json!({"application/octet-stream": {}}));
    }
    let asked = schemas_of_body(schemas, route)?;
    Some(as_json(&asked))
}

/// A handler that takes any JSON puts its fields in place of those of what it answers.
fn schemas_of_body(schemas: &mut Schemas<'_>, route: &Route<'_>) -> Option<Value> {
    let asked = schemas.of(&route.module, route.body?, Flow::Request);
    if asked != json!({}) {
        return Some(asked);
    }
    let whole = schemas.of(&route.module, route.answer?, Flow::Answer);
    let mut some = schemas.looked_up(&whole);
    if let Some(some) = some.as_object_mut() {
        some.remove("required");
    }
    some["description"] = json!("Some of its fields; what is left out stays as it is.");
    Some(some)
}

fn as_json(schema: &Value) -> Value {
    json!({"application/json": {"schema": schema}})
}
