//! Which project an account, and each binding, belongs to.
//!
//! An API key belongs to one project, and a stream of another project answers 404,
//! exactly as one that does not exist. So a key of another project makes everything look
//! deleted. The access token may name the project: then that is known before anything
//! is done.

/// An environment and a project in it, as the annotation `api.video/project` has it:
/// `production/pr123`. Another environment is another project.
pub type Project = String;

/// What is known of the project of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountProject {
    /// The project that the token names; `None` where it names none.
    pub opened: Option<Project>,
    /// The project that the account should open, where that is another: by its
    /// setting, or by its LiveStreams, none of which is bound in the opened one.
    pub expected: Option<Project>,
}

impl AccountProject {
    /// Judges the project that a token names: by the project that is `pinned` in the
    /// settings or, without one, by those in which LiveStreams of the account are `bound`.
    #[must_use]
    pub fn judge<'a>(
        opened: Option<Project>,
        pinned: Option<&str>,
        mut bound: impl Iterator<Item = &'a Project> + Clone,
    ) -> Self {
        let Some(project) = opened.as_deref() else { return Self::default() };
        let expected = match pinned {
            Some(pinned) => (pinned != project).then(|| pinned.to_owned()),
            None if bound.clone().any(|bound| bound == project) => None,
            None => bound.next().cloned(),
        };
        Self { opened, expected }
    }

    /// The project in which a binding was made, if it is not the one that the key opens.
    #[must_use]
    pub fn differs<'a>(&self, stored: Option<&'a Project>) -> Option<&'a Project> {
        stored.filter(|stored| self.opened.as_ref().is_some_and(|opened| opened != *stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_judged_by_the_pin_or_by_the_bindings() {
        let (a, b) = ("production/prA".to_owned(), "production/prB".to_owned());
        let judge = |opened: Option<&String>, pinned: Option<&str>, bound: &[&String]| {
            AccountProject::judge(opened.cloned(), pinned, bound.iter().copied()).expected
        };
        assert_eq!(judge(None, Some(&a), &[&b]), None, "an opaque token says nothing");
        assert_eq!(judge(Some(&a), None, &[]), None, "nothing is bound yet");
        assert_eq!(judge(Some(&a), None, &[&b, &a]), None, "one restored from elsewhere is its own matter");
        assert_eq!(judge(Some(&a), None, &[&b, &b]), Some(b.clone()));
        assert_eq!(judge(Some(&a), Some(&b), &[&a]), Some(b.clone()));
        assert_eq!(judge(Some(&a), Some(&a), &[&b]), None, "a person means it");
    }

    #[test]
    fn a_binding_differs_only_where_both_are_known() {
        let (a, b) = ("production/prA".to_owned(), "sandbox/prA".to_owned());
        let account = AccountProject { opened: Some(a.clone()), expected: None };
        assert_eq!(account.differs(Some(&b)), Some(&b));
        assert_eq!((account.differs(Some(&a)), account.differs(None)), (None, None));
        assert_eq!(AccountProject::default().differs(Some(&b)), None);
    }
}
