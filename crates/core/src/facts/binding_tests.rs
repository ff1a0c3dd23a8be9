use super::*;
use crate::fixture::{at, desired, id};

fn other() -> ObjectKey {
    ObjectKey { namespace: "ns".into(), name: "other".into() }
}

fn bound(text: &str, stored: bool, adopted: bool) -> Binding {
    Binding::Bound { id: id(text), stored, adopted }
}

fn annotated(text: &str, uid: &str) -> Stored {
    Stored { annotation: Some(id(text)), bound_uid: Some(uid.into()), ..Stored::default() }
}

#[test]
fn the_binding_follows_the_contract() {
    let free = |_: &StreamId| None;
    let in_status = Stored { status: Some(id("li2")), ..Stored::default() };
    let both = Stored { status: Some(id("li2")), ..annotated("li1", "me") };
    let newer = Stored { recreated_from: Some(id("li2")), ..both.clone() };
    let older = Stored { owned: Some(id("li5")), ..annotated("li1", "me") };
    let bare = in_status.clone();
    let bare_owned = Stored { owned: Some(id("li5")), ..Stored::default() };
    let wished = Stored { owned: Some(id("li9")), ..Stored::default() };
    let carried = Stored { recreated_from: Some(id("li9")), ..annotated("li1", "old") };
    let recreated = Stored { recreated_from: Some(id("li9")), ..annotated("li1", "me") };
    let unstored = Stored { unstored: Some(id("li3")), ..annotated("li1", "me") };
    let owned = Stored { owned: Some(id("li5")), ..Stored::default() };
    let li9 = id("li9");
    let li1 = id("li1");
    let open =
        Stored { intent: Some(Ok(Intent::new(&desired(), "me", at(90), false))), ..annotated("li1", "me") };
    let cases: Vec<(&str, Stored, Option<&StreamId>, Binding)> = vec![
        ("nothing stored", Stored::default(), None, Binding::Unbound),
        ("own uid", annotated("li1", "me"), None, bound("li1", true, false)),
        ("adopted and bound", annotated("li1", "me"), Some(&li1), bound("li1", true, true)),
        ("a restore: another uid, free", annotated("li1", "old"), None, bound("li1", false, false)),
        ("only the status is left", in_status, None, bound("li2", false, false)),
        ("the status overrules an annotation that is not newer", both, None, bound("li2", false, false)),
        ("an annotation newer than the status", newer, None, bound("li1", true, false)),
        ("an older id was written over a newer one", older, None, bound("li5", false, false)),
        ("replaced without annotations after a re-creation", bare, Some(&li9), bound("li2", false, false)),
        ("the same while the process runs", bare_owned, Some(&li9), bound("li5", false, false)),
        ("claimed by the wish alone", wished, Some(&li9), Binding::Wanted(li9.clone())),
        ("restored after a re-creation", carried, Some(&li9), bound("li1", false, false)),
        ("known to the process alone", unstored, None, bound("li3", false, false)),
        ("everything that was stored is taken away", owned, None, bound("li5", false, false)),
        ("asked for", Stored::default(), Some(&li9), Binding::Wanted(li9.clone())),
        ("asked for over a carried one", annotated("li1", "old"), Some(&li9), Binding::Wanted(li9.clone())),
        (
            "bound to another than asked for",
            annotated("li1", "me"),
            Some(&li9),
            Binding::Mismatch { bound: id("li1"), wanted: li9.clone() },
        ),
        ("took the place of the adopted one", recreated, Some(&li9), bound("li1", true, false)),
        ("settles an open intent", open, Some(&li9), Binding::Wanted(li9.clone())),
    ];
    for (case, stored, adopt, expected) in cases {
        assert_eq!(resolve(&stored, "me", adopt, &free), expected, "{case}");
    }
}

#[test]
fn a_stream_of_another_owner_is_never_bound() {
    let taken = |_: &StreamId| Some(other());
    let conflict = |text: &str| Binding::Conflict { id: id(text), owner: other() };
    let li1 = id("li1");
    let status = Stored { status: Some(id("li1")), ..Stored::default() };
    assert_eq!(resolve(&annotated("li1", "me"), "me", None, &taken), conflict("li1"));
    assert_eq!(resolve(&Stored::default(), "me", Some(&li1), &taken), conflict("li1"));
    let copy = Binding::Copy { id: id("li1"), owner: other() };
    assert_eq!(resolve(&annotated("li1", "old"), "me", None, &taken), copy);
    assert_eq!(resolve(&status, "me", None, &taken), copy);
}

#[test]
fn claims_go_by_strength_then_age() {
    let candidate = |strength, created, name: &str| Candidate {
        strength,
        created_at: Some(at(created)),
        owner: Owner { uid: name.into(), key: ObjectKey { namespace: "ns".into(), name: name.into() } },
        id: id("li1"),
        project: None,
    };
    let mut all = [
        candidate(Strength::Wished, 1, "wish"),
        candidate(Strength::Carried, 2, "carried"),
        candidate(Strength::Own, 9, "younger"),
        candidate(Strength::Own, 3, "older"),
        candidate(Strength::Confirmed, 99, "confirmed"),
    ];
    rank(&mut all);
    assert_eq!(all.map(|c| c.owner.uid), ["confirmed", "older", "younger", "carried", "wish"]);
}

#[test]
fn an_annotation_that_only_annotations_confirm_comes_after_a_status() {
    let newer = Stored { status: Some(id("li2")), recreated_from: Some(id("li2")), ..annotated("li1", "me") };
    assert_eq!(newer.named("me", None), Some((Strength::Own, id("li1"))));
    let confirmed = Stored { status: Some(id("li1")), ..annotated("li1", "me") };
    assert_eq!(confirmed.named("me", None), Some((Strength::Confirmed, id("li1"))));
}

#[test]
fn a_status_counts_more_than_the_annotations_of_another_object() {
    let free = |_: &StreamId| None;
    let replaced = Stored { status: Some(id("liNew")), ..annotated("liOld", "another") };
    assert_eq!(resolve(&replaced, "me", None, &free), bound("liNew", false, false));
    assert_eq!(replaced.named("me", None), Some((Strength::Confirmed, id("liNew"))));
    let newer = Stored { recreated_from: Some(id("liNew")), ..replaced };
    assert_eq!(newer.named("me", None), Some((Strength::Carried, id("liOld"))));
}
