//! The rules of ARCHITECTURE.md that Cargo can't enforce, on the parsed product
//! code of the workspace. `cargo test --test architecture -- --nocapture` shows
//! the figures of the code's size.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test ends by a panic; its helpers stand outside the functions that clippy knows as tests"
)]

mod decisions;
mod graph;
mod layers;
mod made_up;
mod paths;
mod sizes;
mod source;

use std::{collections::BTreeSet, fs, path::Path};

use source::{Crate, workspace};

/// Compares what a check finds with its exceptions.
fn assert_only(known: &[&str], found: Vec<String>) {
    let found: BTreeSet<_> = found.iter().map(String::as_str).collect();
    let known = known.iter().copied().collect();
    let new: Vec<_> = found.difference(&known).collect();
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(new.is_empty() && gone.is_empty(), "new: {new:#?}\nno longer needed as an exception: {gone:#?}");
}

fn find<'a>(crates: &'a [Crate], name: &str) -> &'a Crate {
    crates.iter().find(|owner| owner.name == name).expect(name)
}

#[test]
fn no_circles_between_files_or_modules() {
    assert_only(&[], workspace().iter().flat_map(layers::all_circles).collect());
}

#[test]
fn modules_use_only_what_the_table_allows() {
    assert_only(&[], layers::forbidden_uses(find(&workspace(), "apivideo_operator")));
}

#[test]
fn the_decisions_know_no_io_and_no_clock() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/core/Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    assert_eq!(decisions::forbidden_dependencies(&manifest), <[&str; 0]>::default());
    assert_only(&[], decisions::clocks(find(&workspace(), "apivideo_operator_core")));
}

#[test]
fn only_the_core_writes_the_reconcile_state() {
    let crates = workspace();
    let fields = decisions::fields(find(&crates, "apivideo_operator_core"), "ReconcileState");
    assert!(fields.len() > 3, "{fields:?}");
    assert_only(&[], decisions::writes(find(&crates, "apivideo_operator"), &fields));
}

#[test]
fn files_and_functions_are_short() {
    assert_only(&[], sizes::too_long(&workspace()));
}

#[test]
fn the_figures_of_the_product() {
    let crates = workspace();
    let mut sum = 0;
    for name in ["apivideo_operator", "apivideo_operator_core", "apivideo"] {
        let lines = sizes::product_lines(find(&crates, name));
        println!("{name}: {lines} product lines");
        sum += lines;
    }
    let told: usize = crates.iter().map(|owner| sizes::words(owner, &["tell", "tells", "told"])).sum();
    println!("sum: {sum} product lines\n\"tell\" and \"told\" in product sources: {told}");
    assert!(sum > 1000);
}
