//! The product code of a crate, parsed: without comments, without `#[cfg(test)]`
//! items and without files that only tests compile.

use std::{collections::BTreeSet, fs, path::Path};

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, File, Item, parse_file};

/// A file of product code.
pub(crate) struct Source {
    /// Its path from the `src` folder, such as `ops/fence/mod.rs`.
    pub path: String,
    /// Its module, such as `["ops", "fence"]`; the root of the crate has none.
    pub module: Vec<String>,
    pub text: String,
    pub syntax: File,
}

/// A crate of the workspace.
pub(crate) struct Crate {
    /// Its name as code spells it.
    pub name: String,
    /// Its folder from the root of the workspace; empty for the root itself.
    pub folder: String,
    pub sources: Vec<Source>,
}

/// A token and the line on which it begins.
pub(crate) struct Token {
    pub text: String,
    pub line: usize,
    /// Whether it is punctuation that the next token continues, as `=` in `==`.
    pub joint: bool,
}

impl Crate {
    /// From paths and texts, as the tests of the checks have them.
    pub(crate) fn parse(name: &str, folder: &str, files: &[(&str, &str)]) -> Self {
        let parsed: Vec<_> = files.iter().filter_map(|(path, text)| Source::parse(path, text)).collect();
        let library = files.iter().any(|(path, _)| *path == "lib.rs");
        let (mut sources, tests): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
        let tests = tests.concat();
        sources.retain(|source| !tests.iter().any(|test| source.module.starts_with(test)));
        for source in &mut sources {
            if source.path == "main.rs" && !library {
                source.module.clear();
            }
        }
        Self { name: name.to_owned(), folder: folder.to_owned(), sources }
    }

    /// The path of a source from the root of the workspace.
    pub(crate) fn path(&self, source: &Source) -> String {
        Path::new(&self.folder).join("src").join(&source.path).display().to_string()
    }
}

impl Source {
    /// The source, and the modules below it that only tests compile; `None` for a file of tests.
    fn parse(path: &str, text: &str) -> Option<(Self, Vec<Vec<String>>)> {
        if path.ends_with("_tests.rs") {
            return None;
        }
        let module = module_of(path);
        let mut syntax = parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut tests = Vec::new();
        syntax.items.retain(|item| {
            let test = attributes(item).iter().any(is_test);
            if let (true, Item::Mod(inner)) = (test, item) {
                let parent = if path == "main.rs" { Vec::new() } else { module.clone() };
                tests.push([parent, vec![inner.ident.to_string()]].concat());
            }
            !test
        });
        Some((Self { path: path.to_owned(), module, text: text.to_owned(), syntax }, tests))
    }

    /// The tokens of these items, without comments.
    pub(crate) fn tokens(&self, these: impl Fn(&Item) -> bool) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.syntax
            .items
            .iter()
            .filter(|item| these(item))
            .for_each(|item| flatten(item.to_token_stream(), &mut tokens));
        tokens
    }

    /// The lines that hold product code.
    pub(crate) fn product_lines(&self) -> usize {
        let mut lines = BTreeSet::new();
        for token in self.tokens(|_| true) {
            lines.extend(token.line..=token.line + token.text.matches('\n').count());
        }
        lines.len()
    }
}

/// The crates of the workspace.
pub(crate) fn workspace() -> Vec<Crate> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut crates = vec![read(root, "", "apivideo_operator")];
    let mut folders: Vec<_> = fs::read_dir(root.join("crates")).expect("crates").flatten().collect();
    folders.sort_by_key(fs::DirEntry::file_name);
    for folder in folders {
        let manifest = fs::read_to_string(folder.path().join("Cargo.toml")).expect("a manifest");
        let name = manifest.lines().find_map(|line| line.strip_prefix("name = ")).expect("a name");
        let folder = format!("crates/{}", folder.file_name().to_string_lossy());
        crates.push(read(root, &folder, &name.trim_matches('"').replace('-', "_")));
    }
    crates
}

fn read(root: &Path, folder: &str, name: &str) -> Crate {
    let src = root.join(folder).join("src");
    let mut files = Vec::new();
    list(&src, &src, &mut files);
    files.sort();
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    Crate::parse(name, folder, &files)
}

fn list(src: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            list(src, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(src).expect("a path below src").display().to_string();
            files.push((name, fs::read_to_string(&path).expect("a source")));
        }
    }
}

fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<_> = path.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        _ => &[],
    }
}

/// `#[cfg(test)]`, also as one of several conditions.
fn is_test(attribute: &Attribute) -> bool {
    let text = attribute.meta.to_token_stream().to_string();
    text.starts_with("cfg") && text.split(|c: char| !c.is_alphanumeric()).any(|word| word == "test")
}

/// Every token in its order, without comments and attributes that document.
fn flatten(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let span = tree.span();
        let mut push = |text: String, line, joint| tokens.push(Token { text, line, joint });
        match tree {
            TokenTree::Punct(hash) if hash.as_char() == '#' && trees.peek().is_some_and(documents) => {
                trees.next();
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(open.to_owned(), group.span_open().start().line, false);
                flatten(group.stream(), tokens);
                let line = group.span_close().start().line;
                tokens.push(Token { text: close.to_owned(), line, joint: false });
            }
            TokenTree::Punct(mark) => {
                push(mark.to_string(), span.start().line, mark.spacing() == Spacing::Joint);
            }
            // The text as it is written: a literal may go over several lines.
            other => {
                let text = span.source_text().unwrap_or_else(|| other.to_string());
                push(text, span.start().line, false);
            }
        }
    }
}

fn documents(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let first = group.stream().into_iter().next();
    matches!(first, Some(TokenTree::Ident(name)) if name == "doc")
}
