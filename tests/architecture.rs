//! The import rule of ARCHITECTURE.md, where Cargo can't enforce it.

#![allow(clippy::expect_used, reason = "a test ends by a panic")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Which modules of ours a module may use. `core` may use nothing but itself.
const MAY_USE: [(&str, &[&str]); 10] = [
    ("core", &["core"]),
    ("crd", &["crd", "core"]),
    ("ops", &["ops"]),
    ("leader", &["leader"]),
    ("preflight", &["preflight", "leader", "crd", "ops"]),
    ("observer", &["observer", "account", "core"]),
    ("account", &["account", "observer", "core"]),
    ("controller", &["controller", "account", "observer", "crd", "preflight", "ops", "core"]),
    (
        "commands",
        &[
            "commands",
            "cli",
            "controller",
            "preflight",
            "leader",
            "account",
            "observer",
            "crd",
            "ops",
            "core",
        ],
    ),
    ("cli", &["cli", "ops"]),
];

/// Crates that the decisions must not know.
const NOT_IN_CORE: [&str; 9] = [
    "kube",
    "k8s_openapi",
    "tokio",
    "reqwest",
    "axum",
    "apivideo",
    "tracing",
    "std::time::Instant",
    "Timestamp::now",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

/// A module's files and the code in them: comments may name anything.
fn code(module: &str) -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = match module {
        "cli" => vec![src.join("cli.rs")],
        "core" => sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/src")),
        _ => sources(&src.join(module)),
    };
    let strip = |text: String| {
        text.lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .map(|l| format!("{l}\n"))
            .collect::<String>()
    };
    files.into_iter().map(|file| (file.clone(), strip(fs::read_to_string(file).expect("a source")))).collect()
}

/// The modules that a text names behind `crate::`, also in a braced list.
fn used(text: &str) -> Vec<String> {
    let flat: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut names = Vec::new();
    for part in flat.split("crate::").skip(1) {
        let list = match part.strip_prefix('{') {
            Some(list) => top_level(list),
            None => vec![part.to_owned()],
        };
        names.extend(
            list.iter().map(|item| item.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()),
        );
    }
    names
}

/// The items of a braced list, up to its closing brace.
fn top_level(list: &str) -> Vec<String> {
    let (mut depth, mut items) = (0, vec![String::new()]);
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ => items.last_mut().expect("an item").push(c),
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

#[test]
fn modules_use_only_what_the_rule_allows() {
    let modules: Vec<_> = MAY_USE.iter().map(|(module, _)| *module).collect();
    for (module, allowed) in MAY_USE {
        for (file, text) in code(module) {
            for name in used(&text).iter().filter(|name| modules.contains(&name.as_str())) {
                assert!(allowed.contains(&name.as_str()), "{} uses {name}", file.display());
            }
        }
    }
}

#[test]
fn the_decisions_know_no_io_and_no_clock() {
    for (file, text) in code("core") {
        for word in NOT_IN_CORE {
            let found = text.match_indices(word).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                let after = text[at + word.len()..].chars().next();
                !before.is_some_and(|c| c.is_alphanumeric() || c == '_') && after == Some(':')
                    || word.contains("::")
            });
            assert!(!found, "{} names {word}", file.display());
        }
    }
}

#[test]
fn the_rule_sees_a_forbidden_import_in_every_form() {
    assert_eq!(used("use crate::ops::metrics;"), ["ops"]);
    assert_eq!(used("use crate::{\n    core::{a, b},\n    crd,\n};"), ["core", "crd"]);
}
