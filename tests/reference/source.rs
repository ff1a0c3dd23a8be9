//! What the product's sources say in their comments. The comment of a reason is
//! its explanation; kept here too, it would be said twice.

use std::{collections::BTreeSet, fs, path::Path};

/// An item and the comment above it.
#[derive(Debug)]
pub(crate) struct Documented {
    pub name: String,
    pub value: String,
    pub doc: String,
}

fn read(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file)
}

/// The variants of an enum with their comments, in their order.
pub(crate) fn variants(file: &str, name: &str) -> Vec<Documented> {
    let text = read(file);
    let (_, after) = text.split_once(&format!("pub enum {name} {{\n")).expect(name);
    let (body, _) = after.split_once("\n}").expect("its end");
    // What is deeper belongs to a variant's fields.
    documented(
        body.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| !line.starts_with(' ')),
        |line| {
            let name: String = line.chars().take_while(|c| c.is_alphanumeric()).collect();
            (!name.is_empty()).then(|| (name, String::new()))
        },
    )
}

/// The text constants of a file with their comments.
pub(crate) fn constants(file: &str) -> Vec<Documented> {
    documented(read(file).lines(), |line| {
        let (name, value) = line.strip_prefix("pub const ")?.split_once(": &str = \"")?;
        Some((name.to_owned(), value.trim_end_matches("\";").to_owned()))
    })
}

fn documented<'a>(
    lines: impl Iterator<Item = &'a str>,
    item: impl Fn(&str) -> Option<(String, String)>,
) -> Vec<Documented> {
    let (mut found, mut doc) = (Vec::new(), Vec::new());
    for line in lines {
        match line.strip_prefix("///") {
            Some(text) => doc.push(text.trim()),
            None => {
                let doc = std::mem::take(&mut doc).join(" ");
                let item = item(line).filter(|_| !doc.is_empty());
                found.extend(item.map(|(name, value)| Documented { name, value, doc }));
            }
        }
    }
    found
}

/// The public functions of a file.
pub(crate) fn functions(file: &str) -> BTreeSet<String> {
    let names = |line: &str| Some(line.strip_prefix("pub fn ")?.split(['(', '<']).next()?.to_owned());
    read(file).lines().filter_map(names).collect()
}

/// The names of an enum's variants.
pub(crate) fn variant_names(file: &str, name: &str) -> BTreeSet<String> {
    let items = syn::parse_file(&read(file)).expect(file).items;
    let of_enum = items.into_iter().filter_map(|item| match item {
        syn::Item::Enum(item) if item.ident == name => Some(item.variants),
        _ => None,
    });
    of_enum.flatten().map(|variant| variant.ident.to_string()).collect()
}
