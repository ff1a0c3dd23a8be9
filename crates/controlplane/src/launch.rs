//! Starts the components, in their order, and waits until they work.

use crate::commands::{self, Ports, file};
use crate::component::Component;
use crate::credentials::{Credentials, CredentialsError, write_private};
use crate::find::FindError;
use crate::probe::Probe;
use crate::supervise::{Program, Supervised};
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// How long the whole start may take once the programs are there. Ready after 5 s
/// is usual; a machine under load may need several times as long.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Why the control plane did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A program is not available.
    #[error(transparent)]
    Find(#[from] FindError),
    /// Keys or certificates could not be made.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The system refused something.
    #[error("{what} failed: {source}")]
    Io {
        /// What was attempted.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// The client that polls the API server's readiness could not be made.
    #[error("the client for the API server could not be made: {0}")]
    Client(#[source] reqwest::Error),
    /// A component ended instead of becoming ready.
    #[error(transparent)]
    Ended(#[from] ComponentEnded),
    /// The components run, but don't become ready.
    #[error("the control plane was not ready within {} s (last: {last}); the end of the log of kube-apiserver:\n{log}", READY_WITHIN.as_secs())]
    NotReady {
        /// The last request, and its answer.
        last: String,
        /// The last lines of the API server's log.
        log: String,
    },
}

impl StartError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    /// Whether another process took one of the ports between the moment they were
    /// found free and the moment the component opened them.
    pub(crate) fn lost_a_port(&self) -> bool {
        matches!(self, Self::Ended(ended) if ended.log.contains("address already in use"))
    }
}

/// A component ended although nothing stopped it.
#[derive(Debug, thiserror::Error)]
#[error("{component} ended unexpectedly ({status}); the end of its log:\n{log}")]
pub struct ComponentEnded {
    /// Which one.
    pub component: Component,
    /// How it ended.
    pub status: String,
    /// The last lines of its log.
    pub log: String,
}

/// The executables to start.
#[derive(Debug, Clone)]
pub(crate) struct Executables {
    pub(crate) etcd: PathBuf,
    pub(crate) api_server: PathBuf,
    /// None: it is not started.
    pub(crate) controller_manager: Option<PathBuf>,
}

/// The running components in the order of their start.
#[derive(Debug)]
pub(crate) struct Running {
    components: Vec<(Component, Supervised)>,
}

impl Running {
    pub(crate) fn pids(&self) -> Vec<(Component, u32)> {
        self.components.iter().map(|(component, process)| (*component, process.pid())).collect()
    }

    /// Waits until any component ends. Safe to cancel and to call again.
    pub(crate) async fn first_end(&mut self) -> ComponentEnded {
        poll_fn(|context| {
            for (component, process) in &mut self.components {
                let status = match pin!(process.ended()).poll(context) {
                    Poll::Pending => continue,
                    Poll::Ready(Ok(status)) => status.to_string(),
                    Poll::Ready(Err(error)) => error.to_string(),
                };
                return Poll::Ready(ComponentEnded {
                    component: *component,
                    status,
                    log: process.log_tail(),
                });
            }
            Poll::Pending
        })
        .await
    }

    /// Stops one after the other, the last started first: the API server needs
    /// etcd to the end, and the controllers the API server.
    pub(crate) async fn stop(mut self) {
        while let Some((_, mut process)) = self.components.pop() {
            process.stop().await;
        }
    }

    fn log_of(&self, wanted: Component) -> String {
        let found = self.components.iter().find(|(component, _)| *component == wanted);
        found.map(|(_, process)| process.log_tail()).unwrap_or_default()
    }

    /// Waits for `path` to be answered, but not for a component that has ended.
    async fn until_ok(&mut self, probe: &Probe, path: &str, deadline: Instant) -> Result<(), StartError> {
        let mut last = "no request was sent yet".to_owned();
        let waited = tokio::select! {
            ended = self.first_end() => return Err(ended.into()),
            waited = timeout_at(deadline, probe.until_ok(path, &mut last)) => waited,
        };
        waited.map_err(|_| StartError::NotReady { last, log: self.log_of(Component::ApiServer) })
    }
}

/// One attempt to start everything in `dir`, with files made for it.
pub(crate) struct Launch<'a> {
    pub(crate) dir: &'a Path,
    pub(crate) executables: &'a Executables,
    pub(crate) api_server_args: &'a [String],
    pub(crate) credentials: &'a Credentials,
    pub(crate) ports: Ports,
}

impl Launch<'_> {
    pub(crate) fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.ports.api_server)
    }

    /// Returns when the API server is ready and the controllers work.
    pub(crate) async fn run(&self) -> Result<Running, StartError> {
        let deadline = Instant::now() + READY_WITHIN;
        self.write_files().map_err(StartError::io(format!("writing to {}", self.dir.display())))?;
        let probe = Probe::new(&self.server(), self.credentials).map_err(StartError::Client)?;
        let etcd =
            self.spawn(Component::Etcd, &self.executables.etcd, commands::etcd(self.dir, self.ports)).await?;
        let mut running = Running { components: vec![etcd] };
        let args = commands::api_server(self.dir, self.ports, self.api_server_args);
        running.components.push(self.spawn(Component::ApiServer, &self.executables.api_server, args).await?);
        running.until_ok(&probe, "/readyz", deadline).await?;
        running.until_ok(&probe, "/api/v1/namespaces/default", deadline).await?;
        if let Some(executable) = &self.executables.controller_manager {
            let args = commands::controller_manager(self.dir);
            running.components.push(self.spawn(Component::ControllerManager, executable, args).await?);
            // Its first visible work: from here on the controllers run.
            running.until_ok(&probe, "/api/v1/namespaces/default/serviceaccounts/default", deadline).await?;
        }
        Ok(running)
    }

    fn write_files(&self) -> io::Result<()> {
        let write = |name: &str, contents: &str| write_private(&self.dir.join(name), contents);
        write(file::KUBECONFIG, &self.credentials.kubeconfig(&self.server()))?;
        write(file::TOKENS, &self.credentials.token_file())?;
        write(file::SERVING, &self.credentials.serving_pem)?;
        write(file::SERVING_KEY, &self.credentials.serving_key_pem)?;
        write(file::SERVICE_ACCOUNT_PUBLIC, &self.credentials.service_account_public_pem)?;
        write(file::SERVICE_ACCOUNT_KEY, &self.credentials.service_account_key_pem)
    }

    async fn spawn(
        &self,
        component: Component,
        executable: &Path,
        args: Vec<String>,
    ) -> Result<(Component, Supervised), StartError> {
        // Together below the 5 s in which a control plane has to be gone.
        let grace = match component {
            Component::ApiServer => Duration::from_secs(2),
            _ => Duration::from_secs(1),
        };
        let program = Program {
            executable,
            args,
            env: Vec::new(),
            dir: self.dir,
            log: self.dir.join(format!("{component}.log")),
            grace,
            // etcd is the last to go, and the one that writes here.
            remove_after: (component == Component::Etcd).then(|| self.dir.to_owned()),
        };
        let process = Supervised::spawn(program).await;
        process.map(|process| (component, process)).map_err(StartError::io(format!("starting {component}")))
    }
}

/// Two ports that nobody listens on at the moment. Both are held while the second
/// is asked for, so they differ.
pub(crate) fn free_ports() -> io::Result<Ports> {
    let ask = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let (one, other) = (ask()?, ask()?);
    Ok(Ports { etcd: one.local_addr()?.port(), api_server: other.local_addr()?.port() })
}

#[cfg(test)]
#[path = "launch_tests.rs"]
mod tests;
