//! The decisions: what the crate `core` may not know, and who writes the state.

use std::collections::BTreeSet;

use syn::Item;

use crate::source::{Crate, Token};

/// Crates that a decision must not depend on.
const FORBIDDEN_CRATES: [&str; 8] =
    ["kube", "k8s-openapi", "tokio", "reqwest", "http", "axum", "apivideo", "tracing"];
/// Clocks that a decision must not read: time is an argument.
const CLOCKS: [&str; 4] = ["Instant", "SystemTime", "Zoned", "Timestamp::now"];
/// Methods that change what they are called on.
const CHANGING: [&str; 9] =
    ["take", "insert", "push", "replace", "clear", "retain", "extend", "get_or_insert_with", "remove"];

/// The forbidden crates among the `[dependencies]` of a Cargo.toml.
pub(crate) fn forbidden_dependencies(manifest: &str) -> Vec<&'static str> {
    let lines = manifest.lines().skip_while(|line| *line != "[dependencies]").skip(1);
    let named: Vec<_> = lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split(['.', '=', ' ']).next())
        .collect();
    FORBIDDEN_CRATES.into_iter().filter(|name| named.contains(name)).collect()
}

/// Where the crate reads a clock, as `path:line`.
pub(crate) fn clocks(owner: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for source in &owner.sources {
        let tokens = source.tokens(|_| true);
        for at in 0..tokens.len() {
            let text: String = tokens[at..].iter().take(4).map(|token| token.text.as_str()).collect();
            let named = CLOCKS.iter().any(|clock| *clock == tokens[at].text || *clock == text);
            if named {
                found.push(format!("{}:{}", owner.path(source), tokens[at].line));
            }
        }
    }
    found
}

/// The fields of a struct.
pub(crate) fn fields(owner: &Crate, name: &str) -> BTreeSet<String> {
    let items = owner.sources.iter().flat_map(|source| &source.syntax.items);
    let fields = items.filter_map(|item| match item {
        Item::Struct(item) if item.ident == name => Some(&item.fields),
        _ => None,
    });
    fields.flatten().filter_map(|field| field.ident.as_ref().map(ToString::to_string)).collect()
}

/// Where a crate changes one of these fields of a `state`, as `path:line`.
pub(crate) fn writes(owner: &Crate, fields: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for source in &owner.sources {
        let tokens = source.tokens(|_| true);
        for (at, token) in tokens.iter().enumerate() {
            if token.text == "state" && is_write(&tokens[..at], &tokens[at + 1..], fields) {
                found.push(format!("{}:{}", owner.path(source), token.line));
            }
        }
    }
    found
}

/// Whether what stands around the name `state` changes a field of it.
fn is_write(before: &[Token], after: &[Token], fields: &BTreeSet<String>) -> bool {
    let text = |at: usize| after.get(at).map_or("", |token| token.text.as_str());
    if text(0) != "." || !fields.contains(text(1)) {
        return false;
    }
    let borrowed = before.iter().rev().skip_while(|token| matches!(token.text.as_str(), "." | "self"));
    let borrowed: Vec<_> = borrowed.take(2).map(|token| token.text.as_str()).collect();
    if borrowed == ["mut", "&"] {
        return true;
    }
    let (mut at, mut last) = (2, String::new());
    while text(at) == "." {
        last = text(at + 1).to_owned();
        at += 2;
    }
    let joint = |at: usize| after.get(at).is_some_and(|token| token.joint);
    match text(at) {
        "=" => !joint(at),
        "+" | "-" | "*" | "/" | "%" | "|" | "&" | "^" => joint(at) && text(at + 1) == "=",
        "(" => CHANGING.contains(&last.as_str()),
        _ => false,
    }
}
