//! The sources of a component and their order: a pure function of what exists.

use crate::component::Component;
use std::fmt;
use std::path::PathBuf;

/// One source of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// An installed kubectl of a version that fits; for no other component.
    Path,
    /// The folder that `KUBEBUILDER_ASSETS` names.
    Assets,
    /// The cache of this crate.
    Cache,
    /// An official release binary.
    Download,
    /// A build with Go from the embedded module.
    Build,
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Path => "the PATH",
            Self::Assets => "KUBEBUILDER_ASSETS",
            Self::Cache => "the cache",
            Self::Download => "download",
            Self::Build => "build with Go",
        })
    }
}

/// A source that did not provide the component, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// The place that was tried.
    pub rung: Rung,
    /// Why it failed, for a person.
    pub why: String,
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rung, self.why)
    }
}

/// The executable in one place, or why there is none.
pub(crate) type Located = Result<PathBuf, String>;

/// What exists for one component.
#[derive(Debug, Clone)]
pub(crate) struct Candidates {
    pub(crate) on_path: Located,
    pub(crate) assets: Located,
    pub(crate) cached: Located,
    /// Whether anyone publishes this component for this platform.
    pub(crate) published: Result<(), String>,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// An executable to use as it is.
    Use(Rung, PathBuf),
    /// Nothing exists: get it from the first of these that works.
    Fetch { from: Vec<Rung>, missed: Vec<Miss> },
}

/// The order: an installed kubectl, `KUBEBUILDER_ASSETS`, the cache, a download,
/// a build.
///
/// What a person has set up goes before what this crate keeps, and a download of
/// seconds before a build of minutes.
pub(crate) fn decide(component: Component, seen: &Candidates) -> Decision {
    let mut missed = Vec::new();
    let on_path = (component == Component::Kubectl).then_some((Rung::Path, &seen.on_path));
    let there = on_path.into_iter().chain([(Rung::Assets, &seen.assets), (Rung::Cache, &seen.cached)]);
    for (rung, located) in there {
        match located {
            Ok(path) => return Decision::Use(rung, path.clone()),
            Err(why) => missed.push(Miss { rung, why: why.clone() }),
        }
    }
    let mut from = vec![Rung::Download, Rung::Build];
    if let Err(why) = &seen.published {
        from.retain(|rung| *rung != Rung::Download);
        missed.push(Miss { rung: Rung::Download, why: why.clone() });
    }
    Decision::Fetch { from, missed }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is there, one letter each: Path, Assets, Cache, Published.
    fn seen(there: &str) -> Candidates {
        let located = |letter: char, path: &str| {
            if there.contains(letter) { Ok(PathBuf::from(path)) } else { Err("absent".to_owned()) }
        };
        Candidates {
            on_path: located('P', "/path"),
            assets: located('A', "/assets"),
            cached: located('C', "/cache"),
            published: located('R', "").map(drop),
        }
    }

    fn decided(component: Component, there: &str) -> Vec<Rung> {
        match decide(component, &seen(there)) {
            Decision::Use(rung, _) => vec![rung],
            Decision::Fetch { from, .. } => from,
        }
    }

    #[test]
    fn the_order_follows_from_what_is_there() {
        use Component::{ApiServer, ControllerManager, Etcd, Kubectl};
        let table: [(Component, &str, &[Rung]); 12] = [
            (ApiServer, "PACR", &[Rung::Assets]),
            (ApiServer, "PCR", &[Rung::Cache]),
            (ApiServer, "PR", &[Rung::Download, Rung::Build]),
            (ApiServer, "P", &[Rung::Build]),
            (ControllerManager, "C", &[Rung::Cache]),
            (ControllerManager, "", &[Rung::Build]),
            (Etcd, "A", &[Rung::Assets]),
            (Kubectl, "PACR", &[Rung::Path]),
            (Kubectl, "ACR", &[Rung::Assets]),
            (Kubectl, "CR", &[Rung::Cache]),
            (Kubectl, "R", &[Rung::Download, Rung::Build]),
            (Kubectl, "", &[Rung::Build]),
        ];
        for (component, there, expected) in table {
            assert_eq!(decided(component, there), expected, "{component} with {there:?}");
        }
    }

    #[test]
    fn every_place_without_the_component_says_why() {
        let Decision::Fetch { missed, .. } = decide(Component::Kubectl, &seen("")) else {
            panic!("nothing is there");
        };
        let rungs: Vec<_> = missed.iter().map(|miss| miss.rung).collect();
        assert_eq!(rungs, [Rung::Path, Rung::Assets, Rung::Cache, Rung::Download]);
        assert_eq!(missed[1].to_string(), "KUBEBUILDER_ASSETS: absent");
    }
}
