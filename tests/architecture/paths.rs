//! The names that a source defines, imports and spells out.

use std::collections::BTreeSet;

use syn::{Item, UseTree};

use crate::source::{Source, Token};

/// One name of a `use` declaration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    pub path: Vec<String>,
    /// The name that it has here; `None` for a glob.
    pub name: Option<String>,
    pub glob: bool,
}

/// What a source names.
pub(crate) struct Uses {
    /// The items that it defines.
    pub items: BTreeSet<String>,
    pub imports: Vec<Import>,
    /// The paths of two and more names in its code, macros included.
    pub paths: BTreeSet<Vec<String>>,
}

/// What a source names.
pub(crate) fn uses(source: &Source) -> Uses {
    let mut imports = Vec::new();
    let mut items = BTreeSet::new();
    for item in &source.syntax.items {
        match item {
            Item::Use(item) => tree(&item.tree, &mut Vec::new(), &mut imports),
            other => items.extend(defined(other)),
        }
    }
    Uses { items, imports, paths: paths(&source.tokens(|item| !matches!(item, Item::Use(_)))) }
}

fn tree(tree_: &UseTree, path: &mut Vec<String>, imports: &mut Vec<Import>) {
    let mut add = |path: &[String], last: String, name: Option<String>| {
        let mut path = path.to_vec();
        // `use a::{self}` is the module `a`.
        if last != "self" || path.is_empty() {
            path.push(last);
        }
        let name = name.map(|name| if name == "self" { path.last().cloned().unwrap_or(name) } else { name });
        imports.push(Import { path, name, glob: false });
    };
    match tree_ {
        UseTree::Path(part) => {
            path.push(part.ident.to_string());
            tree(&part.tree, path, imports);
            path.pop();
        }
        UseTree::Name(part) => add(path, part.ident.to_string(), Some(part.ident.to_string())),
        UseTree::Rename(part) => add(path, part.ident.to_string(), Some(part.rename.to_string())),
        UseTree::Glob(_) => imports.push(Import { path: path.clone(), name: None, glob: true }),
        UseTree::Group(group) => group.items.iter().for_each(|item| tree(item, path, imports)),
    }
}

fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) if item.content.is_some() => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        _ => return None,
    };
    Some(name.to_string())
}

/// Sequences like `super::fence::Fence`.
fn paths(tokens: &[Token]) -> BTreeSet<Vec<String>> {
    let (mut found, mut path) = (BTreeSet::new(), Vec::<String>::new());
    let mut colons = 0;
    for token in tokens {
        match token.text.as_str() {
            ":" => colons += 1,
            text if is_name(text) && colons == 2 && !path.is_empty() => {
                path.push(text.to_owned());
                colons = 0;
            }
            text => {
                found.insert(std::mem::take(&mut path));
                // `::name` and `<T>::name` belong to what stands before them.
                if is_name(text) && colons < 2 {
                    path.push(text.to_owned());
                }
                colons = 0;
            }
        }
    }
    found.insert(path);
    found.retain(|path| path.len() > 1 && path[0] != "Self");
    found
}

fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_alphanumeric() || c == '_') && !text.starts_with(|c: char| c.is_ascii_digit())
}
