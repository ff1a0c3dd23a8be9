//! Finds each component on the ladder, or makes it.

use crate::build;
use crate::cache::{Cache, CacheLock, executable_in};
use crate::component::{Component, KUBERNETES_MINOR, KUBERNETES_VERSION};
use crate::download::Downloads;
use crate::kubectl;
use crate::ladder::{Candidates, Decision, Miss, Rung, decide};
use crate::progress::Progress;
use std::env;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Why a component is not available.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No source provided it.
    #[error("{}", explain(*component, misses))]
    NotFound {
        /// The component.
        component: Component,
        /// Each source that was tried, and why it failed.
        misses: Vec<Miss>,
    },
    /// The cache folder can't be used.
    #[error(
        "the cache for {component} can't be used ({source}); set XDG_CACHE_HOME to a folder that can be written to"
    )]
    Cache {
        /// What was to be kept there.
        component: Component,
        /// What the system said.
        source: io::Error,
    },
}

fn explain(component: Component, misses: &[Miss]) -> String {
    let mut text = format!("{component} was not found and could not be made:");
    for miss in misses {
        let _ = write!(text, "\n  - {miss}");
    }
    let _ = write!(
        text,
        "\nInstall Go 1.26 or newer (https://go.dev/dl) to have it built, or set KUBEBUILDER_ASSETS to a folder \
         with etcd and the Kubernetes 1.{KUBERNETES_MINOR} programs kube-apiserver, kube-controller-manager and kubectl."
    );
    text
}

/// The environment that the ladder reads, as values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(crate) assets: Option<PathBuf>,
    pub(crate) user_cache: Option<PathBuf>,
    pub(crate) path: Vec<PathBuf>,
}

impl Surroundings {
    fn from_env() -> Self {
        let folder = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            assets: folder("KUBEBUILDER_ASSETS"),
            user_cache: folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))),
            path: env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default(),
        }
    }
}

/// Makes a component that is nowhere yet. A seam for tests, which don't wait for Go.
pub(crate) trait Make {
    /// Makes the executable in `staging`, or says why not.
    async fn make(&self, rung: Rung, component: Component, staging: &Path) -> Result<PathBuf, String>;
}

/// Downloads and builds for real.
#[derive(Debug)]
pub(crate) struct RealMaker {
    downloads: Downloads,
}

impl Make for RealMaker {
    async fn make(&self, rung: Rung, component: Component, staging: &Path) -> Result<PathBuf, String> {
        match rung {
            Rung::Download => {
                self.downloads.fetch(component, staging).await.map_err(|error| error.to_string())
            }
            Rung::Build => build::build(component, staging).await.map_err(|error| error.to_string()),
            Rung::Path | Rung::Assets | Rung::Cache => Err("nothing can be made there".to_owned()),
        }
    }
}

/// Finds the components, and makes those that are nowhere.
#[derive(Debug)]
pub struct Finder {
    ladder: Ladder<RealMaker>,
}

impl Finder {
    /// Reads `KUBEBUILDER_ASSETS`, `XDG_CACHE_HOME`, `HOME` and `PATH`.
    #[must_use]
    pub fn from_env(progress: Progress) -> Self {
        let maker = RealMaker { downloads: Downloads::official() };
        Self { ladder: Ladder { surroundings: Surroundings::from_env(), maker, progress } }
    }

    /// The executable of a component. Takes minutes when it has to be built.
    ///
    /// # Errors
    /// When it is nowhere and can't be made; the error says what was tried.
    pub async fn find(&self, component: Component) -> Result<PathBuf, FindError> {
        self.ladder.find(component).await
    }
}

/// The ladder with its surroundings; generic in how things are made.
#[derive(Debug)]
pub(crate) struct Ladder<M> {
    pub(crate) surroundings: Surroundings,
    pub(crate) maker: M,
    pub(crate) progress: Progress,
}

impl<M: Make> Ladder<M> {
    pub(crate) async fn find(&self, component: Component) -> Result<PathBuf, FindError> {
        if let Decision::Use(_, path) = decide(component, &self.locate_all(component).await) {
            return Ok(path);
        }
        let Some(cache) = self.cache() else {
            return Err(FindError::Cache {
                component,
                source: io::Error::other("neither XDG_CACHE_HOME nor HOME is set"),
            });
        };
        let broken = |source| FindError::Cache { component, source };
        let lock = cache.lock(&self.progress).await.map_err(broken)?;
        // Another process may have made it while this one waited for the lock.
        match decide(component, &self.locate_all(component).await) {
            Decision::Use(_, path) => Ok(path),
            Decision::Fetch { from, missed } => self.make(component, &lock, from, missed).await,
        }
    }

    fn cache(&self) -> Option<Cache> {
        self.surroundings.user_cache.as_deref().map(Cache::below)
    }

    async fn locate_all(&self, component: Component) -> Candidates {
        let on_path = match component {
            Component::Kubectl => kubectl::on_path(&self.surroundings.path).await,
            _ => Err("only kubectl is taken from there".to_owned()),
        };
        let assets = match &self.surroundings.assets {
            Some(folder) => executable_in(folder, component),
            None => Err("not set".to_owned()),
        };
        let cached = match self.cache() {
            Some(cache) => cache.locate(component),
            None => Err("neither XDG_CACHE_HOME nor HOME is set".to_owned()),
        };
        Candidates { on_path, assets, cached, published: Downloads::published(component) }
    }

    /// Tries the rungs one after the other, each in a staging folder of its own.
    async fn make(
        &self,
        component: Component,
        lock: &CacheLock<'_>,
        from: Vec<Rung>,
        mut misses: Vec<Miss>,
    ) -> Result<PathBuf, FindError> {
        let broken = |source| FindError::Cache { component, source };
        for rung in from {
            let staging = lock.staging().map_err(broken)?;
            let began = Instant::now();
            let making = self.maker.make(rung, component, staging.path());
            match self.progress.while_running(&announcement(rung, component), making).await {
                Ok(made) => {
                    let place = lock.install(&made, component).map_err(broken)?;
                    let (seconds, place_shown) = (began.elapsed().as_secs(), place.display());
                    self.progress
                        .line(format!("{component} is ready after {seconds} s, kept as {place_shown}"));
                    return Ok(place);
                }
                Err(why) => {
                    self.progress.line(format!("{component}: {rung} did not work: {why}"));
                    misses.push(Miss { rung, why });
                }
            }
        }
        Err(FindError::NotFound { component, misses })
    }
}

fn announcement(rung: Rung, component: Component) -> String {
    match rung {
        Rung::Build => {
            format!(
                "building {component} {} with Go ({}, once)",
                release_of(component),
                component.build_time()
            )
        }
        _ => format!("downloading {component} {}", release_of(component)),
    }
}

fn release_of(component: Component) -> &'static str {
    match component {
        Component::Etcd => crate::component::ETCD_VERSION,
        _ => KUBERNETES_VERSION,
    }
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
