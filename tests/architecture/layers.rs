//! Which module of the operator may use which, and circles of any kind.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    graph::{circles, edges},
    source::Crate,
};

/// Which modules of `src/` each may use; `core` is the crate of the decisions.
const MAY_USE: [(&str, &[&str]); 11] = [
    ("main", &["cli", "commands"]),
    ("cli", &["ops"]),
    (
        "commands",
        &["controller", "observer", "account", "kinds", "leader", "preflight", "ops", "cli", "core"],
    ),
    ("controller", &["account", "kinds", "preflight", "ops", "core"]),
    ("observer", &["account", "core"]),
    ("preflight", &["kinds", "leader", "ops"]),
    ("leader", &["ops"]),
    ("account", &["core"]),
    ("kinds", &["core"]),
    ("ops", &[]),
    ("lib", &["core"]),
];

/// Uses that the table leaves out: `from -> to`.
pub(crate) fn forbidden_uses(owner: &Crate) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (source, edges) in owner.sources.iter().zip(edges(owner)) {
        let from = top(&source.path);
        let allowed = MAY_USE.iter().find(|(module, _)| *module == from).map(|(_, allowed)| *allowed);
        let mut used: BTreeSet<_> =
            edges.files.iter().map(|at| top(&owner.sources[*at].path).to_owned()).collect();
        used.extend(edges.others.contains("apivideo_operator_core").then(|| "core".to_owned()));
        used.remove(from);
        let refused = used.into_iter().filter(|to| !allowed.is_some_and(|list| list.contains(&to.as_str())));
        found.extend(refused.map(|to| format!("{} -> {to}", source.path)));
        found.extend(allowed.is_none().then(|| format!("{from}: no module of the table")));
    }
    found.into_iter().collect()
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or(path).trim_end_matches(".rs")
}

/// The circles between files, and between the children of each folder.
pub(crate) fn all_circles(owner: &Crate) -> Vec<String> {
    let edges = edges(owner);
    let mut graphs: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for (source, edges) in owner.sources.iter().zip(&edges) {
        let path = &source.path;
        for to in edges.files.iter().map(|at| &owner.sources[*at].path) {
            graphs.entry("files".to_owned()).or_default().entry(path.clone()).or_default().insert(to.clone());
            // The first folder in which the two differ, and every one above has them in one child.
            let same = path.split('/').zip(to.split('/')).take_while(|(a, b)| a == b).count();
            let child = |path: &str| path.split('/').nth(same).unwrap_or_default().to_owned();
            let folder = path.split('/').take(same).collect::<Vec<_>>().join("/");
            let graph = graphs.entry(format!("{folder}/")).or_default();
            graph.entry(child(path)).or_default().insert(child(to));
        }
    }
    let name = if owner.folder.is_empty() { "src" } else { &owner.folder };
    let circles = graphs.iter().flat_map(|(at, graph)| circles(graph).into_iter().map(move |c| (at, c)));
    circles.map(|(at, circle)| format!("{name} {at}: {}", circle.join(" <-> "))).collect()
}
