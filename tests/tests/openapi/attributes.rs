//! What stands before a declaration: its words, and how serde writes it. An attribute that is not known here fails, so
//! that nothing is documented otherwise than it is written.

use syn::{Attribute, Expr, Lit, Meta};

/// How serde writes a type, a variant or a field.
// Each is a word that stands there or not.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Default)]
pub(crate) struct Serde {
    pub(crate) rename: Option<String>,
    pub(crate) snake_case: bool,
    pub(crate) tag: Option<String>,
    pub(crate) untagged: bool,
    pub(crate) flatten: bool,
    /// Left out when there is nothing to say.
    pub(crate) skipped_if: bool,
    pub(crate) default: bool,
    /// Must be there although it may be `null`.
    pub(crate) must_be_named: bool,
}

impl Serde {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut found = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute
                .parse_nested_meta(|meta| {
                    let word = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                    let value = || -> syn::Result<String> { Ok(meta.value()?.parse::<syn::LitStr>()?.value()) };
                    match word.as_str() {
                        "rename" => found.rename = Some(value()?),
                        "rename_all" => {
                            assert_eq!(value()?, "snake_case", "only this case is known here");
                            found.snake_case = true;
                        }
                        "tag" => found.tag = Some(value()?),
                        "untagged" => found.untagged = true,
                        "flatten" => found.flatten = true,
                        "skip_serializing_if" => found.skipped_if = !value()?.is_empty(),
                        "default" => {
                            found.default = true;
                            if meta.input.peek(syn::Token![=]) {
                                value()?;
                            }
                        }
                        "deserialize_with" => {
                            assert_eq!(value()?, "Option::deserialize", "only this reader is known here");
                            found.must_be_named = true;
                        }
                        // Words of an error, nothing on the wire.
                        "expecting" => drop(value()?),
                        other => panic!("serde({other}) is not known here: say in attributes.rs what it means"),
                    }
                    Ok(())
                })
                .expect("an attribute of serde can be read");
        }
        found
    }
}

/// Whether the type derives this.
pub(crate) fn derives(attributes: &[Attribute], what: &str) -> bool {
    let mut found = false;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("derive")) {
        attribute
            .parse_nested_meta(|meta| {
                found |= meta.path.segments.last().is_some_and(|last| last.ident == what);
                Ok(())
            })
            .expect("a derive can be read");
    }
    found
}

/// The name that TypeScript has for it, where it is another one.
pub(crate) fn other_name(attributes: &[Attribute]) -> Option<String> {
    let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("ts"))?;
    let mut name = None;
    attribute
        .parse_nested_meta(|meta| {
            if meta.path.is_ident("rename") {
                name = Some(meta.value()?.parse::<syn::LitStr>()?.value());
            } else if meta.input.peek(syn::Token![=]) {
                meta.value()?.parse::<Expr>()?;
            }
            Ok(())
        })
        .expect("an attribute of ts can be read");
    name
}

/// The doc comment; lines of a paragraph joined.
pub(crate) fn words(attributes: &[Attribute]) -> String {
    let mut text = String::new();
    for attribute in attributes {
        let Meta::NameValue(pair) = &attribute.meta else { continue };
        let Expr::Lit(literal) = &pair.value else { continue };
        let Lit::Str(line) = &literal.lit else { continue };
        if !pair.path.is_ident("doc") {
            continue;
        }
        let line = line.value();
        let line = line.trim();
        if line.is_empty() {
            text.push_str("\n\n");
        } else {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push(' ');
            }
            text.push_str(line);
        }
    }
    text
}

/// How serde writes the name of a variant in snake case.
pub(crate) fn snake_case(name: &str) -> String {
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
