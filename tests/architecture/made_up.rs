//! Every check finds what it looks for, shown on made-up sources.

use crate::{
    assert_only,
    decisions::{clocks, fields, forbidden_dependencies, writes},
    graph::edges,
    layers::{all_circles, forbidden_uses},
    sizes::{product_lines, too_long, words},
    source::Crate,
};

fn operator(files: &[(&str, &str)]) -> Crate {
    Crate::parse("apivideo_operator", "", files)
}

/// The circles of a crate with these files.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    all_circles(&operator(files))
}

#[test]
fn a_circle_is_seen_in_every_form_of_a_use() {
    let a = ("a.rs", "use crate::b::B;\npub struct A(B);");
    let root = ("lib.rs", "mod a;\nmod b;\npub use a::A;");
    let expected = vec!["src /: a.rs <-> b.rs", "src files: a.rs <-> b.rs"];
    for b in [
        "use crate::a::A;\npub struct B;",
        "use super::a::A;\npub struct B;",
        "use crate::{a::{self, A}};\npub struct B;",
        "use apivideo_operator::a::A as C;\npub struct B;",
        "use super::a::*;\npub struct B;",
        // Through the re-export of the root.
        "use crate::A;\npub struct B;",
        // Without a `use` of the item, and in a macro.
        "pub struct B;\nfn f() { crate::a::A::new(); }",
        "use super::a;\npub struct B;\nfn f() { format!(\"{}\", a::A::new()) }",
        "pub struct B;\nimpl From<super::a::A> for B {}",
    ] {
        assert_eq!(circles_of(&[root, a, ("b.rs", b)]), expected, "{b}");
    }
    // A glob uses the module that it names as well.
    let glob = ("b.rs", "use super::*;\npub struct B(A);");
    assert_eq!(circles_of(&[root, a, glob])[1], "src files: a.rs <-> b.rs <-> lib.rs");
}

#[test]
fn what_is_no_use_makes_no_circle() {
    let a = ("a.rs", "use crate::b::B;\npub struct A(B);");
    let root = ("lib.rs", "mod a;\nmod b;\nmod c;\npub use a::A;");
    for b in [
        "//! See crate::a::A.\n/// See [`crate::a::A`].\npub struct B;",
        "pub struct B;\n#[cfg(test)]\nmod tests { use crate::a::A; }",
        "pub struct B;\nconst TEXT: &str = \"crate::a::A\";",
        "use super::a;\npub struct B;",
        "mod a { pub struct A; }\npub struct B(a::A);",
    ] {
        assert_eq!(circles_of(&[root, a, ("b.rs", b)]), <[&str; 0]>::default(), "{b}");
    }
    let tests = [("b.rs", "pub struct B;\n#[cfg(test)]\nmod inner;"), ("b/inner.rs", "use crate::a::A;")];
    assert_eq!(circles_of(&[root, a, tests[0], tests[1]]), <[&str; 0]>::default());
    let tests = [("b.rs", "pub struct B;"), ("b_tests.rs", "use crate::{a::A, b::B};")];
    assert_eq!(circles_of(&[root, a, tests[0], tests[1]]), <[&str; 0]>::default());
}

#[test]
fn a_child_that_uses_its_parent_is_a_circle() {
    let files = [
        ("lib.rs", "mod a;"),
        ("a/mod.rs", "mod b;\nuse b::B;\npub struct A(B);"),
        ("a/b.rs", "use super::A;\npub struct B;"),
    ];
    assert_eq!(circles_of(&files), ["src a/: b.rs <-> mod.rs", "src files: a/b.rs <-> a/mod.rs"]);
}

#[test]
fn modules_in_a_circle_need_no_files_in_one() {
    let files = [
        ("lib.rs", "mod a;\nmod b;"),
        ("a/mod.rs", "mod x;\nmod y;"),
        ("a/x.rs", "use crate::b::B;"),
        ("a/y.rs", "pub struct Y;"),
        ("b.rs", "use crate::a::y::Y;\npub struct B;"),
    ];
    assert_eq!(circles_of(&files), ["src /: a <-> b.rs"]);
}

#[test]
fn a_binary_without_a_library_is_a_root() {
    let files =
        [("main.rs", "mod a;\nuse a::A;\npub struct M(A);"), ("a.rs", "use crate::M;\npub struct A;")];
    assert_eq!(circles_of(&files).len(), 2);
}

#[test]
fn a_module_may_use_only_what_stands_in_the_table() {
    let root = ("lib.rs", "pub use apivideo_operator_core as core;\npub mod kinds;\npub mod ops;");
    let ops = "use crate::{\n    core::plan::plan,\n    kinds::Kind,\n};";
    let found = forbidden_uses(&operator(&[root, ("kinds/mod.rs", "pub struct Kind;"), ("ops/mod.rs", ops)]));
    assert_eq!(found, ["ops/mod.rs -> core", "ops/mod.rs -> kinds"]);
    let found = forbidden_uses(&operator(&[root, ("helpers.rs", "")]));
    assert_eq!(found, ["helpers: no module of the table"]);
    let kinds = ("kinds/mod.rs", "use crate::core::plan::plan;\npub struct Kind;");
    assert_eq!(forbidden_uses(&operator(&[root, kinds])), <[&str; 0]>::default());
    assert_eq!(edges(&operator(&[root, kinds]))[1].others.len(), 1);
}

#[test]
fn a_dependency_or_a_clock_of_the_core_is_seen() {
    let manifest = "[package]\nname = \"http\"\n[dependencies]\njiff = \"1\"\ntokio.workspace = true\nkube = { version = \"5\" }\n";
    assert_eq!(forbidden_dependencies(manifest), ["kube", "tokio"]);
    assert_eq!(
        forbidden_dependencies("[dependencies]\n[dev-dependencies]\ntokio = \"1\""),
        <[&str; 0]>::default()
    );
    for text in ["fn f() { jiff::Timestamp::now(); }", "use std::time::Instant;", "fn f(t: SystemTime) {}"] {
        assert_eq!(clocks(&operator(&[("lib.rs", text)])).len(), 1, "{text}");
    }
    let harmless = "// Timestamp::now()\nfn f(now: Timestamp) { Timestamp::from_second(1); }";
    assert_eq!(clocks(&operator(&[("lib.rs", harmless)])), <[&str; 0]>::default());
}

#[test]
fn a_write_to_the_state_is_seen_in_every_form() {
    let core =
        operator(&[("lib.rs", "pub struct ReconcileState { pub failure: Option<u8>, pub drift: u8 }")]);
    let fields = fields(&core, "ReconcileState");
    assert_eq!(fields.len(), 2);
    let writes = |code: &str| {
        let text = format!("fn f() {{ {code} }}");
        writes(&operator(&[("lib.rs", &text)]), &fields).len()
    };
    for code in [
        "state.failure = None;",
        "self.state.drift += 1;",
        "entry.state.failure.at = 1;",
        "state.failure.take();",
        "change(&mut state.failure);",
        "change(&mut self.state.failure);",
        "select! { x = y => state.drift = 1 }",
    ] {
        assert_eq!(writes(code), 1, "{code}");
    }
    for code in ["state.failure == None", "state.other = 1", "let x = state.drift;", "state.failure.as_ref()"]
    {
        assert_eq!(writes(code), 0, "{code}");
    }
}

#[test]
fn files_and_functions_that_are_too_long_are_named() {
    let lines = |count: usize| "\n".repeat(count);
    let long = |text: String| too_long(&[operator(&[("a.rs", &text)])]);
    assert_eq!(long(lines(301)), ["src/a.rs"]);
    assert_eq!(long(lines(300)), <[&str; 0]>::default());
    assert_eq!(long(format!("impl A {{ fn f() {{ g();{} }} }}", lines(50))), ["src/a.rs: f"]);
    assert_eq!(long(format!("fn f() {{ g();{} }}", lines(49))), <[&str; 0]>::default());
    let table = |count| format!("fn f() {{ let y = 1; match x {{ _ => y,{} }} }}", lines(count));
    assert_eq!(long(table(59)), <[&str; 0]>::default());
    assert_eq!(long(table(60)), ["src/a.rs: f"]);
    // More work than a third makes it a function like any other.
    let work = format!("fn f() {{ g();{} match x {{ _ => y,{} }} }}", lines(20), lines(35));
    assert_eq!(long(work), ["src/a.rs: f"]);
    assert_eq!(
        long(format!("#[cfg(test)]\nmod tests {{ fn f() {{ g();{} }} }}", lines(60))),
        <[&str; 0]>::default()
    );
}

#[test]
fn product_lines_leave_out_comments_blanks_and_tests() {
    let text = "//! Told.\n\n/// Tells.\npub struct A {\n    // no\n    b: u8, // b\n}\n\nconst C: &str = \"a\\\n    b\";\n\
                #[cfg(test)]\nmod tests {\n    fn f() {}\n}\n";
    let owner = operator(&[("lib.rs", text)]);
    assert_eq!((product_lines(&owner), words(&owner, &["tells", "told"])), (5, 2));
}

#[test]
#[should_panic(expected = "no longer needed")]
fn an_exception_that_is_no_longer_needed_fails() {
    assert_only(&["a <-> b"], Vec::new());
}

#[test]
#[should_panic(expected = "new")]
fn what_is_no_exception_fails() {
    assert_only(&[], vec!["a <-> b".to_owned()]);
}
