//! The aggregator's source, parsed: its modules, and where a name that stands in one of them is declared.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Item, UseTree};

/// Folders below `aggregator/src` whose files say what the API is.
const FOLDERS: [&str; 3] = ["wire", "http", "ws"];

/// Module and name of something declared.
pub(crate) type Place = (String, String);

/// All modules by their path, `wire/fleet`.
pub(crate) struct Sources {
    modules: BTreeMap<String, Module>,
}

struct Module {
    items: Vec<Item>,
    /// What a name of this module means elsewhere.
    imports: BTreeMap<String, Vec<String>>,
}

impl Sources {
    pub(crate) fn read(root: &Path) -> Self {
        let mut modules = BTreeMap::new();
        for folder in FOLDERS {
            for entry in std::fs::read_dir(root.join(folder)).expect("the aggregator's source is beside this crate") {
                let path = entry.expect("a folder can be read").path();
                let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
                if path.extension().is_none_or(|extension| extension != "rs") || name.ends_with("tests") {
                    continue;
                }
                let text = std::fs::read_to_string(&path).expect("a source file can be read");
                let file = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                modules.insert(format!("{folder}/{name}"), Module::of(file.items));
            }
        }
        Self { modules }
    }

    /// All modules with what they declare.
    pub(crate) fn modules(&self) -> impl Iterator<Item = (&str, &[Item])> {
        self.modules.iter().map(|(name, module)| (name.as_str(), module.items.as_slice()))
    }

    /// What is declared there under this name.
    pub(crate) fn item(&self, (module, name): &Place) -> Option<&Item> {
        self.modules.get(module)?.items.iter().find(|item| match item {
            Item::Struct(item) => item.ident == *name,
            Item::Enum(item) => item.ident == *name,
            Item::Fn(item) => item.sig.ident == *name,
            _ => false,
        })
    }

    /// Where the path that stands in this module leads.
    pub(crate) fn resolve(&self, module: &str, path: &syn::Path) -> Place {
        let mut words: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let here = &self.modules[module];
        if let Some(import) = here.imports.get(&words[0]) {
            words.splice(0..1, import.iter().cloned());
        }
        let name = words.pop().unwrap_or_default();
        (self.module_of(module, &words), name)
    }

    fn module_of(&self, here: &str, words: &[String]) -> String {
        let folder = here.split('/').next().unwrap_or_default();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [] | ["self"] => here.to_owned(),
            ["crate", folder, module] => format!("{folder}/{module}"),
            ["crate", folder] => format!("{folder}/mod"),
            ["super"] => format!("{folder}/mod"),
            ["super", module] => format!("{folder}/{module}"),
            [module] if self.modules.contains_key(&format!("{folder}/{module}")) => format!("{folder}/{module}"),
            elsewhere => elsewhere.join("::"),
        }
    }
}

impl Module {
    fn of(items: Vec<Item>) -> Self {
        let mut imports = BTreeMap::new();
        for item in &items {
            if let Item::Use(item) = item {
                gather(&item.tree, &mut Vec::new(), &mut imports);
            }
        }
        Self { items, imports }
    }
}

fn gather(tree: &UseTree, before: &mut Vec<String>, imports: &mut BTreeMap<String, Vec<String>>) {
    let with = |last: &syn::Ident| before.iter().cloned().chain([last.to_string()]).collect::<Vec<_>>();
    match tree {
        UseTree::Path(path) => {
            before.push(path.ident.to_string());
            gather(&path.tree, before, imports);
            before.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            imports.insert(before.last().cloned().unwrap_or_default(), before.clone());
        }
        UseTree::Name(name) => {
            imports.insert(name.ident.to_string(), with(&name.ident));
        }
        UseTree::Rename(rename) => {
            imports.insert(rename.rename.to_string(), with(&rename.ident));
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| gather(tree, before, imports)),
        UseTree::Glob(_) => {}
    }
}
