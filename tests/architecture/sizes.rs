//! How long files and functions may be, and the figures of the code's size.

use proc_macro2::Span;
use syn::{
    Block, Expr, ImplItemFn, ItemFn, TraitItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

use crate::source::{Crate, Source};

const MAX_FILE: usize = 300;
const MAX_FUNCTION: usize = 50;
const MAX_TABLE: usize = 60;

/// What is longer than it may be, by name: a file as its path, a function as `path: name`.
pub(crate) fn too_long(crates: &[Crate]) -> Vec<String> {
    let mut found = Vec::new();
    for owner in crates {
        for source in &owner.sources {
            let path = owner.path(source);
            found.extend(long_functions(source).into_iter().map(|name| format!("{path}: {name}")));
            if source.text.lines().count() > MAX_FILE {
                found.push(path);
            }
        }
    }
    found
}

fn long_functions(source: &Source) -> Vec<String> {
    let mut functions = Functions::default();
    functions.visit_file(&source.syntax);
    functions.long
}

#[derive(Default)]
struct Functions {
    long: Vec<String>,
}

impl Functions {
    fn measure(&mut self, name: &syn::Ident, from: Span, block: &Block) {
        let lines = block.span().end().line + 1 - from.start().line;
        let most = if is_table(block) { MAX_TABLE } else { MAX_FUNCTION };
        if lines > most {
            self.long.push(name.to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Functions {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.measure(&function.sig.ident, function.sig.span(), &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.measure(&function.sig.ident, function.sig.span(), &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast TraitItemFn) {
        if let Some(block) = &function.default {
            self.measure(&function.sig.ident, function.sig.span(), block);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

/// A body is one table if a single `match` or array covers two thirds of its lines.
fn is_table(block: &Block) -> bool {
    let mut tables = Tables::default();
    tables.visit_block(block);
    tables.longest * 3 >= lines(block) * 2
}

#[derive(Default)]
struct Tables {
    longest: usize,
}

impl<'ast> Visit<'ast> for Tables {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        if matches!(expression, Expr::Match(_) | Expr::Array(_)) {
            self.longest = self.longest.max(lines(expression));
        }
        visit::visit_expr(self, expression);
    }
}

fn lines(syntax: &impl Spanned) -> usize {
    let span = syntax.span();
    span.end().line + 1 - span.start().line
}

/// The lines of product code of a crate.
pub(crate) fn product_lines(owner: &Crate) -> usize {
    owner.sources.iter().map(Source::product_lines).sum()
}

/// How often one of these words occurs in the product's sources, comments included.
pub(crate) fn words(owner: &Crate, words: &[&str]) -> usize {
    let text = owner.sources.iter().flat_map(|source| source.text.split(|c: char| !c.is_alphanumeric()));
    text.filter(|word| words.contains(&word.to_lowercase().as_str())).count()
}
