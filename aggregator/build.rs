//! Makes sure that there is a web app to embed: a page that says how to build it, when it was not built.

use std::path::Path;
use std::{fs, io};

const PLACEHOLDER: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<base href=\"/\">
<title>Muster</title>
</head>
<body>
<h1>Muster</h1>
<p>The aggregator runs, but this build holds no web app. Build it with <code>npm ci && npm run build</code> in
<code>web/</code>, then build the aggregator again; or use <code>make run</code>, which does both.</p>
</body>
</html>
";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=../web/dist/index.html");
    let dist = Path::new("../web/dist");
    let page = dist.join("index.html");
    if !page.exists() {
        fs::create_dir_all(dist)?;
        fs::write(page, PLACEHOLDER)?;
    }
    Ok(())
}
