//! The other texts of the product, as they stand in the code: `{…}` is filled in.

use std::{fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Item, Lit, parse_file};

/// Where texts for people stand, besides conditions and events.
const PLACES: [(&str, &str); 7] = [
    ("Commands and settings", "src/commands"),
    ("Values of settings", "src/cli.rs"),
    ("Preflight checks", "src/preflight"),
    ("Leader election", "src/leader"),
    ("The controller", "src/controller"),
    ("The process", "src/ops"),
    ("The client of api.video", "crates/apivideo/src"),
];

/// Fewer words are no message but a name.
const MIN_WORDS: usize = 4;

/// The texts of each place.
pub(crate) fn text() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text =
        "## Other texts\n\nErrors, what is logged, and the help of metrics, as templates.\n".to_owned();
    for (title, place) in PLACES {
        let mut found = Vec::new();
        collect(&root.join(place), &mut found);
        assert!(!found.is_empty(), "no texts in {place}");
        let lines: String = found.iter().map(|text| format!("* {}\n", shown(text))).collect();
        text.push_str(&format!("\n### {title}\n\n{lines}"));
    }
    text
}

/// As code, so that Markdown leaves it alone.
fn shown(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    format!("{fence}{}{fence}", text.replace('\n', " "))
}

fn collect(path: &Path, found: &mut Vec<String>) {
    if path.is_dir() {
        let mut entries: Vec<_> = fs::read_dir(path).expect("a folder").flatten().collect();
        entries.sort_by_key(fs::DirEntry::file_name);
        entries.iter().for_each(|entry| collect(&entry.path(), found));
        return;
    }
    let name = path.to_string_lossy();
    if name.ends_with("_tests.rs") || name.contains("/hostile/") || !name.ends_with(".rs") {
        return;
    }
    let file = parse_file(&fs::read_to_string(path).expect("a source")).expect("Rust");
    let product = file.items.iter().filter(|item| !matches!(item, Item::Mod(item) if item.content.is_some()));
    product.for_each(|item| literals(item.to_token_stream(), found));
}

fn literals(stream: TokenStream, found: &mut Vec<String>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Group(group) => literals(group.stream(), found),
            // A comment, or the reason of a lint.
            TokenTree::Ident(name) if name == "doc" || name == "reason" => {
                trees.next_if(|next| next.to_string() == "=").and_then(|_| trees.next());
            }
            TokenTree::Literal(literal) => {
                if let Lit::Str(text) = Lit::new(literal) {
                    let text = text.value();
                    found.extend((text.split_whitespace().count() >= MIN_WORDS).then_some(text));
                }
            }
            _ => {}
        }
    }
}
