//! Whether an answer is as the API's document says. Only what that document uses of JSON Schema is known here; a word that
//! is not fails.

use std::sync::LazyLock;

use serde_json::Value;

/// Read when it is first needed, so that a new document needs no new build.
static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../aggregator/src/http/openapi.json");
    let text = std::fs::read_to_string(file).expect("the document lies in the repository");
    serde_json::from_str(&text).expect("the document is JSON")
});

/// Addresses below `/api/v1` and the methods that they take, as documented: `("get", "/hosts/{id}")`.
pub fn operations() -> Vec<(&'static str, &'static str)> {
    let paths = DOCUMENT["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, methods)| {
            methods.as_object().into_iter().flatten().map(|(name, _)| (name.as_str(), path.as_str()))
        })
        .collect()
}

/// What is wrong with this answer, if anything. `path` is the address asked for, from `/api/v1` on.
pub fn check(method: &str, path: &str, status: u16, body: &[u8]) -> Result<(), String> {
    let Some(asked) = path.strip_prefix("/api/v1") else { return Ok(()) };
    let asked = asked.split('?').next().unwrap_or_default();
    let method = method.to_lowercase();
    let Some((_, pattern)) =
        operations().into_iter().find(|(known, pattern)| *known == method && fits_path(pattern, asked))
    else {
        // Tests ask for what is not there, and without a credential, too.
        return if [401, 404, 405].contains(&status) {
            Ok(())
        } else {
            Err(format!("{method} {asked} is not documented"))
        };
    };
    let operation = &DOCUMENT["paths"][pattern][&method];
    let answer = match &operation["responses"][status.to_string()] {
        Value::Null if status >= 400 => {
            &DOCUMENT["components"]["responses"]["Problem"]["content"]["application/problem+json"]
        }
        Value::Null => return Err(format!("{method} {pattern}: {status} is not documented")),
        answer => &answer["content"]["application/json"],
    };
    let schema = &answer["schema"];
    if schema.is_null() {
        return Ok(());
    }
    let json: Value =
        serde_json::from_slice(body).map_err(|error| format!("{method} {pattern} {status}: no JSON: {error}"))?;
    fits(schema, &json).map_err(|why| format!("{method} {pattern} {status}: {why}"))
}

fn fits_path(pattern: &str, path: &str) -> bool {
    let (mut known, mut asked) = (pattern.split('/'), path.split('/'));
    loop {
        match (known.next(), asked.next()) {
            (None, None) => return true,
            (Some(known), Some(asked)) if known == asked || (known.starts_with('{') && !asked.is_empty()) => {}
            _ => return false,
        }
    }
}

/// Whether the value is as the schema says; a field that it does not know is an error, because ours come from one source.
fn fits(schema: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().into_iter().flatten() {
        match word.as_str() {
            "description" | "required" => {}
            "$ref" => {
                let name = rule.as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                let named = &DOCUMENT["components"]["schemas"][name];
                if named.is_null() {
                    return Err(format!("there is no schema {name}"));
                }
                fits(named, value).map_err(|why| format!("{name}: {why}"))?;
            }
            "type" => has_type(rule, value)?,
            "enum" => {
                if !rule.as_array().is_some_and(|words| words.contains(value)) {
                    return Err(format!("{value} is none of {rule}"));
                }
            }
            "const" => {
                if rule != value {
                    return Err(format!("{value} is not {rule}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|number| number < rule.as_f64().unwrap_or_default()) {
                    return Err(format!("{value} is less than {rule}"));
                }
            }
            "items" => {
                for (at, item) in value.as_array().into_iter().flatten().enumerate() {
                    fits(rule, item).map_err(|why| format!("[{at}]: {why}"))?;
                }
            }
            "prefixItems" => {
                for (rule, item) in rule.as_array().into_iter().flatten().zip(value.as_array().into_iter().flatten()) {
                    fits(rule, item)?;
                }
            }
            "minItems" | "maxItems" => {
                let wanted = rule.as_u64().unwrap_or_default();
                let found = value.as_array().map_or(wanted, |items| items.len() as u64);
                if (word == "minItems" && found < wanted) || (word == "maxItems" && found > wanted) {
                    return Err(format!("{found} items where {word} is {wanted}"));
                }
            }
            "properties" => object(schema, rule, value)?,
            "additionalProperties" => {
                for (name, part) in value.as_object().into_iter().flatten() {
                    fits(rule, part).map_err(|why| format!(".{name}: {why}"))?;
                }
            }
            "anyOf" => {
                let whys: Vec<String> =
                    rule.as_array().into_iter().flatten().filter_map(|way| fits(way, value).err()).collect();
                if whys.len() == rule.as_array().map_or(0, Vec::len) {
                    return Err(format!("none of: {}", whys.join(" | ")));
                }
            }
            other => return Err(format!("the word {other} is not known to this check")),
        }
    }
    Ok(())
}

fn has_type(rule: &Value, value: &Value) -> Result<(), String> {
    let is = |word: &str| match word {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => false,
    };
    let words: Vec<&str> = match rule {
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    if words.into_iter().any(is) { Ok(()) } else { Err(format!("{value} is no {rule}")) }
}

fn object(schema: &Value, properties: &Value, value: &Value) -> Result<(), String> {
    let Some(fields) = value.as_object() else { return Ok(()) };
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            return Err(format!("{name} is missing"));
        }
    }
    for (name, part) in fields {
        match &properties[name] {
            Value::Null => return Err(format!("{name} is not documented")),
            rule => fits(rule, part).map_err(|why| format!(".{name}: {why}"))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_differs_is_found() {
        let host = json!({"name": "ann"});
        let body = |value: &Value| value.to_string().into_bytes();
        let listed = |value: &Value| check("GET", "/api/v1/searches?x=1", 200, &body(value));
        let good = json!({"items": [{"id": "1", "name": "n", "query": "q"}], "next_cursor": null});
        assert_eq!(listed(&good), Ok(()));
        for (bad, why) in [
            (json!({"items": []}), "next_cursor is missing"),
            (json!({"items": [host], "next_cursor": null}), "is missing"),
            (json!({"items": [], "next_cursor": 1}), "is no"),
            (json!({"items": [], "next_cursor": null, "more": 1}), "more is not documented"),
            (json!([]), "is no"),
        ] {
            assert!(listed(&bad).unwrap_err().contains(why), "{bad}");
        }
        assert!(check("GET", "/api/v1/nothing", 200, b"{}").unwrap_err().contains("not documented"));
        assert!(check("GET", "/api/v1/searches", 201, &body(&good)).unwrap_err().contains("201"));
        assert!(check("GET", "/api/v1/searches", 404, b"{}").is_err(), "a problem has words");
    }
}
