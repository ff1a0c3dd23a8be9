//! The control plane as its users see it.

use crate::commands::file;
use crate::component::Component;
use crate::credentials::Credentials;
use crate::find::{FindError, Finder};
use crate::launch::{ComponentEnded, Executables, Launch, Running, StartError, free_ports};
use crate::progress::Progress;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tempfile::TempDir;

/// How often a start is tried with other ports when one was taken meanwhile.
const PORT_ATTEMPTS: u32 = 5;

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whether kube-controller-manager runs too: without it a namespace never ends
    /// its deletion, and owner references delete nothing. Default: true.
    pub controller_manager: bool,
    /// Arguments appended to those of kube-apiserver, like `--v=4`.
    pub apiserver_args: Vec<String>,
    /// Where lines of progress go. Default: standard error.
    pub progress: Progress,
}

impl Default for Options {
    fn default() -> Self {
        Self { controller_manager: true, apiserver_args: Vec::new(), progress: Progress::default() }
    }
}

/// A running control plane. Dropping it stops everything soon after and removes
/// its folder; [`ControlPlane::stop`] waits for it. When the process ends without
/// either, even by SIGKILL, the components end by themselves; so one may also be
/// kept in a `static`, for several tests to share.
pub struct ControlPlane {
    // Before `dir`: the components are stopped before their folder is removed.
    running: Running,
    dir: TempDir,
    kubeconfig: PathBuf,
    kubeconfig_yaml: String,
    server: String,
    kubectl: PathBuf,
}

impl ControlPlane {
    /// Finds or makes the programs, starts them, and returns when the API server is
    /// ready: about 6 s with the programs in the cache, minutes when they have to
    /// be built.
    ///
    /// # Errors
    /// When a program is not to be had, or one ends or doesn't get ready within
    /// a minute; the error shows the end of its log. Nothing is left running.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let finder = Finder::from_env(options.progress.clone());
        let executables = Executables {
            etcd: finder.find(Component::Etcd).await?,
            api_server: finder.find(Component::ApiServer).await?,
            controller_manager: match options.controller_manager {
                true => Some(finder.find(Component::ControllerManager).await?),
                false => None,
            },
        };
        let kubectl = finder.find(Component::Kubectl).await?;
        let mut attempt = 1;
        loop {
            match Self::launch(&options, &executables, &kubectl).await {
                Err(error) if error.lost_a_port() && attempt < PORT_ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn launch(
        options: &Options,
        executables: &Executables,
        kubectl: &Path,
    ) -> Result<Self, StartError> {
        let began = Instant::now();
        let dir = tempfile::Builder::new().prefix("apivideo-controlplane-").tempdir();
        let dir = dir.map_err(StartError::io("making a temporary folder"))?;
        let credentials = Credentials::generate()?;
        let launch = Launch {
            dir: dir.path(),
            executables,
            api_server_args: &options.apiserver_args,
            credentials: &credentials,
            ports: free_ports().map_err(StartError::io("asking for free ports"))?,
        };
        let running = launch.run().await?;
        let server = launch.server();
        let seconds = began.elapsed().as_secs_f32();
        options.progress.line(format!("the control plane is ready at {server} after {seconds:.1} s"));
        Ok(Self {
            running,
            kubeconfig: dir.path().join(file::KUBECONFIG),
            kubeconfig_yaml: credentials.kubeconfig(&server),
            server,
            kubectl: kubectl.to_owned(),
            dir,
        })
    }

    /// The path of a kubectl that fits the API server: an installed one if its
    /// version is near enough, otherwise from the ladder.
    ///
    /// # Errors
    /// When it is nowhere and can't be made.
    pub async fn locate_kubectl(progress: Progress) -> Result<PathBuf, FindError> {
        Finder::from_env(progress).find(Component::Kubectl).await
    }

    /// A kubeconfig of the administrator, readable by its owner only.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// The contents of [`ControlPlane::kubeconfig`]. Secret: it holds the token.
    #[must_use]
    pub fn kubeconfig_yaml(&self) -> &str {
        &self.kubeconfig_yaml
    }

    /// The API server, like `https://127.0.0.1:40123`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The kubectl that fits this API server.
    #[must_use]
    pub fn kubectl(&self) -> &Path {
        &self.kubectl
    }

    /// The folder with the kubeconfig, the data and a log for each component
    /// (`kube-apiserver.log`); it goes with the control plane.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The process ids of the components themselves, in the order of their start.
    #[must_use]
    pub fn component_pids(&self) -> Vec<(Component, u32)> {
        self.running.pids()
    }

    /// Waits until a component ends by itself, which none should. Safe to cancel.
    pub async fn component_ended(&mut self) -> ComponentEnded {
        self.running.first_end().await
    }

    /// Stops the controller manager, the API server and etcd, in this order, and
    /// removes the folder. Takes at most 5 s, usually less than 2.
    pub async fn stop(self) {
        self.running.stop().await;
        // Already gone with etcd; a failure leaves at most a temporary folder.
        let _ = self.dir.close();
    }
}

impl fmt::Debug for ControlPlane {
    /// Without the kubeconfig: it holds the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlPlane")
            .field("server", &self.server)
            .field("dir", &self.dir())
            .finish_non_exhaustive()
    }
}
