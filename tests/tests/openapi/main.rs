//! The API's document (`aggregator/src/http/openapi.json`, served at `/api/v1/openapi.json`) is written from the source:
//! the routers say which addresses there are, the handlers' signatures what they take and answer, serde's attributes
//! what that looks like as JSON. So there is no second list that could be forgotten. What cannot be read from the source
//! fails here until somebody says it. Whether real answers fit the document is tested in `it/document.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod attributes;
mod document;
mod routes;
mod schema;
mod source;

use std::path::Path;

use source::Sources;

#[test]
fn the_document_is_fresh() {
    let aggregator = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aggregator/src");
    let sources = Sources::read(&aggregator);
    let written = serde_json::to_string_pretty(&document::document(&sources, &routes::all(&sources))).unwrap() + "\n";
    let file = aggregator.join("http/openapi.json");
    if std::env::var_os("MUSTER_WRITE_TYPES").is_some() {
        std::fs::write(&file, &written).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == written, "{} is stale: run `make wire` and commit it", file.display());
}
