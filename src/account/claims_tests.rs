use std::sync::Arc;

use super::*;
use crate::{
    account::triggers::Trigger,
    core::{
        facts::binding::{Strength, resolve},
        fixture::{id, manifest},
    },
};

fn owner(uid: &str) -> Owner {
    Owner { uid: uid.into(), key: ObjectKey { namespace: "ns".into(), name: uid.into() } }
}

fn adopting(uid: &str, stream: &str) -> Manifest {
    Manifest { owner: owner(uid), adopt: Some(id(stream)), ..manifest() }
}

/// Claims, and a way to see who was triggered.
fn claims() -> (Claims, impl FnMut() -> Vec<String>) {
    let triggers = Arc::new(Triggers::default());
    let mut receiver = triggers.listen(None);
    let triggered = move || {
        std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|trigger| match trigger {
                Trigger::One(key) => key.name,
                Trigger::All => "all".into(),
            })
            .collect()
    };
    (Claims::new(triggers), triggered)
}

fn bind(claims: &Claims, manifest: &Manifest) -> Binding {
    claims.bind(manifest, &mut Stored::default(), resolve)
}

#[test]
fn the_first_owner_keeps_the_stream_until_it_is_released() {
    let (claims, mut triggered) = claims();
    assert_eq!(bind(&claims, &adopting("a", "li1")), Binding::Wanted(id("li1")));
    let conflict = Binding::Conflict { id: id("li1"), owner: owner("a").key };
    assert_eq!(bind(&claims, &adopting("b", "li1")), conflict);
    assert_eq!(bind(&claims, &adopting("a", "li1")), Binding::Wanted(id("li1")));
    assert!(triggered().is_empty());
    claims.release("a");
    assert_eq!(triggered(), ["b"]);
    assert_eq!(bind(&claims, &adopting("b", "li1")), Binding::Wanted(id("li1")));
}

#[test]
fn who_waits_learns_that_the_owner_went_on_to_another_stream() {
    let (claims, mut triggered) = claims();
    bind(&claims, &adopting("a", "li1"));
    bind(&claims, &adopting("b", "li1"));
    assert!(claims.created(&owner("a"), &id("li2")));
    assert!(!claims.created(&owner("c"), &id("li2")), "an answer about another's stream");
    assert_eq!(triggered(), ["b"]);
    assert_eq!(bind(&claims, &adopting("b", "li1")), Binding::Wanted(id("li1")));
    claims.read_owned(|owned| assert_eq!(owned.len(), 2));
}

#[test]
fn only_what_is_bound_in_the_opened_project_can_vanish_from_it() {
    let (claims, _) = claims();
    let (here, elsewhere) = ("production/prA".to_owned(), "production/prB".to_owned());
    bind(&claims, &adopting("a", "liTypo"));
    claims.created(&owner("b"), &id("li1"));
    for (uid, stream, project) in
        [("c", "li2", Some(&here)), ("d", "li3", Some(&elsewhere)), ("e", "li4", None)]
    {
        let mut stored = Stored {
            annotation: Some(id(stream)),
            bound_uid: Some(uid.into()),
            project: project.cloned(),
            ..Stored::default()
        };
        claims.bind(&Manifest { owner: owner(uid), ..manifest() }, &mut stored, resolve);
    }
    let bound = |opened: Option<&Project>| {
        claims.read_bound(opened, |owned, bound| {
            assert_eq!(owned.len(), 5);
            bound.iter().map(|id| id.to_string()).collect::<BTreeSet<_>>()
        })
    };
    assert_eq!(bound(Some(&here)), BTreeSet::from(["li1", "li2", "li4"].map(str::to_owned)));
    assert_eq!(bound(None), BTreeSet::from(["li1", "li2", "li3", "li4"].map(str::to_owned)));
}

#[test]
fn one_that_does_not_exist_owns_nothing_and_frees_nothing_late() {
    let (claims, mut triggered) = claims();
    claims.set_exists(|owner| owner.uid != "a");
    bind(&claims, &adopting("a", "li1"));
    assert_eq!(bind(&claims, &adopting("b", "li1")), Binding::Wanted(id("li1")));
    claims.release("a");
    assert!(triggered().is_empty());
    let conflict = Binding::Conflict { id: id("li1"), owner: owner("b").key };
    assert_eq!(bind(&claims, &adopting("c", "li1")), conflict);
}

#[test]
fn an_object_deleted_without_the_finalizer_claims_nothing() {
    let (claims, _) = claims();
    bind(&claims, &Manifest { deleting: true, finalizer: false, ..adopting("a", "li1") });
    assert_eq!(bind(&claims, &adopting("b", "li1")), Binding::Wanted(id("li1")));
}

#[test]
fn at_the_start_the_strongest_claim_gets_the_stream() {
    let (claims, _) = claims();
    let candidate = |uid: &str, strength| Candidate {
        strength,
        created_at: None,
        owner: owner(uid),
        id: id("li1"),
        project: None,
    };
    claims.assign(vec![candidate("a", Strength::Wished), candidate("b", Strength::Own)]);
    let conflict = Binding::Conflict { id: id("li1"), owner: owner("b").key };
    assert_eq!(bind(&claims, &adopting("a", "li1")), conflict);
}
