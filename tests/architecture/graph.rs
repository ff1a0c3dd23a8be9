//! Which file of a crate uses which: names are resolved to the file that
//! defines them, through re-exports. `mod x;` is no use.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    paths::{Import, Uses, uses},
    source::{Crate, Source},
};

/// What a file uses.
#[derive(Default)]
pub(crate) struct Edges {
    /// Files of its crate, by their place among the sources.
    pub files: BTreeSet<usize>,
    /// Other crates, or names that nothing in the crate defines.
    pub others: BTreeSet<String>,
}

/// What a path ends in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An item of this file.
    Item(usize),
    /// A module as a whole.
    Module(Vec<String>),
    /// Another crate.
    Other(String),
}

struct Resolver<'a> {
    owner: &'a Crate,
    modules: BTreeMap<&'a [String], usize>,
    uses: Vec<Uses>,
}

/// What each source of a crate uses.
pub(crate) fn edges(owner: &Crate) -> Vec<Edges> {
    let uses: Vec<_> = owner.sources.iter().map(uses).collect();
    let modules =
        owner.sources.iter().enumerate().map(|(at, source)| (source.module.as_slice(), at)).collect();
    let resolver = Resolver { owner, modules, uses };
    owner.sources.iter().enumerate().map(|(at, source)| resolver.edges(at, source)).collect()
}

impl Resolver<'_> {
    fn edges(&self, at: usize, source: &Source) -> Edges {
        let mut edges = Edges::default();
        let imported = self.uses[at].imports.iter().map(|import| (&import.path, import.glob));
        for (path, glob) in imported.chain(self.uses[at].paths.iter().map(|path| (path, false))) {
            match self.resolve(&source.module, path, 0) {
                Some(Target::Item(file)) => edges.files.extend([file]),
                // A module that is imported is used by the paths that begin with its name.
                Some(Target::Module(module)) if glob => edges.files.extend([self.modules[module.as_slice()]]),
                Some(Target::Other(name)) => edges.others.extend([name]),
                _ => {}
            }
        }
        edges.files.remove(&at);
        edges
    }

    /// What `path` means in `module`; `depth` ends a circle of re-exports.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.follow(Vec::new(), rest, depth),
            name if name == self.owner.name => self.follow(Vec::new(), rest, depth),
            "self" => self.follow(module.to_vec(), rest, depth),
            "super" => {
                let (_, parent) = module.split_last()?;
                match rest.first().map(String::as_str) {
                    Some("super") => self.resolve(parent, rest, depth),
                    _ => self.follow(parent.to_vec(), rest, depth),
                }
            }
            _ => self
                .named(module, path, depth)
                // A main.rs beside a lib.rs declares modules of its own, which lie beside both.
                .or_else(|| (module == ["main"]).then(|| self.named(&[], path, depth)).flatten())
                .or_else(|| Some(Target::Other(first.clone()))),
        }
    }

    fn follow(&self, module: Vec<String>, rest: &[String], depth: usize) -> Option<Target> {
        if rest.is_empty() || rest == ["self"] {
            return self.modules.contains_key(module.as_slice()).then_some(Target::Module(module));
        }
        let file = self.modules.get(module.as_slice()).copied()?;
        Some(self.named(&module, rest, depth).unwrap_or(Target::Item(file)))
    }

    /// What a path means that begins with a name that `module` declares or imports.
    fn named(&self, module: &[String], path: &[String], depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let at = *self.modules.get(module)?;
        let child = [module, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(child.as_slice()) {
            return self.follow(child, rest, depth);
        }
        if self.uses[at].items.contains(first) {
            return Some(Target::Item(at));
        }
        if depth > 16 {
            return None;
        }
        let via = |import: &Import| {
            // `use foo;` of another crate names itself.
            let itself = import.path == [first.clone()];
            let path = [&import.path, rest].concat();
            (import.name.as_ref() == Some(first) && !itself)
                .then(|| self.resolve(module, &path, depth + 1))
                .flatten()
        };
        let (globs, named): (Vec<_>, Vec<_>) = self.uses[at].imports.iter().partition(|import| import.glob);
        named.into_iter().find_map(via).or_else(|| {
            // A glob gives the name only if its module defines it.
            globs.into_iter().find_map(|import| match self.resolve(module, &import.path, depth + 1)? {
                Target::Module(inner) => self.named(&inner, path, depth + 1),
                Target::Item(_) | Target::Other(_) => None,
            })
        })
    }
}

/// The groups of nodes that use each other in a circle, each in the order of its names.
pub(crate) fn circles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let reached: BTreeMap<_, _> = edges.keys().map(|node| (node, reached(edges, node))).collect();
    let mut found = BTreeSet::new();
    for (node, others) in &reached {
        let circle: Vec<_> = others
            .iter()
            .filter(|other| reached.get(other).is_some_and(|back| back.contains(*node)))
            .collect();
        if circle.len() > 1 {
            found.insert(circle.into_iter().cloned().collect::<Vec<_>>());
        }
    }
    found.into_iter().collect()
}

fn reached(edges: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let (mut found, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(node) = open.pop() {
        for next in edges.get(node).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}
