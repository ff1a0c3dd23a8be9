//! The conditions of an account that is not to be trusted: an API key of another
//! project, or many streams missing at once.

use super::hints::confirm;
use crate::{
    facts::{ids::StreamId, manifest::Manifest},
    step::conditions::{ReadyCondition, Reason},
};

/// The API key opens another project than the one of the binding.
pub fn wrong_project(
    manifest: &Manifest,
    bound: &str,
    opened: &str,
    id: Option<&StreamId>,
) -> ReadyCondition {
    let end = match id {
        Some(id) => format!(
            "; if the stream is to be created anew in {opened}, set that project in the operator's settings and: {}",
            confirm(manifest.key(), id)
        ),
        None => String::new(),
    };
    ReadyCondition::new(
        Reason::WrongProject,
        format!(
            "this LiveStream is bound in {bound}, but the API key opens {opened}, so nothing is done: use an API key of \
             {bound}{end}"
        ),
    )
}

/// Nothing is created while the key opens another project than that of the account.
pub fn account_of_another_project(expected: &str, opened: &str) -> ReadyCondition {
    account_not_ready(format!(
        "the API key opens {opened}, but the account belongs to {expected}; use an API key of {expected}"
    ))
}

/// Nothing is created while many streams are missing.
pub fn account_with_many_missing() -> ReadyCondition {
    account_not_ready(
        "many streams of the account vanished at once; check that the API key belongs to the right project, or \
         confirm those that are really gone",
    )
}

fn account_not_ready(why: impl std::fmt::Display) -> ReadyCondition {
    ReadyCondition::new(Reason::AccountNotReady, format!("the stream is not created yet: {why}"))
}
