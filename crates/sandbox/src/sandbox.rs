//! A sandbox on a port, with handles for the process that started it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::api::Api;
use crate::calls::CallLog;
use crate::changes::Changes;
use crate::config::Options;
use crate::control::Core;
use crate::faults::RuleId;
use crate::rule::Rule;
use crate::secret::Secret;
use crate::server::{Shared, serve};
use crate::state::{EditError, NewStream, StreamPatch, StreamView};

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Something else listens there.
    #[error("{address} is taken by another program; end it, or choose another port (0 takes a free one)")]
    Taken {
        /// Where the sandbox was to listen.
        address: SocketAddr,
    },
    /// The system refused for another reason.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// Where the sandbox was to listen.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: JoinHandle<std::convert::Infallible>,
}

impl Sandbox {
    /// Listens and serves in the background of the current tokio runtime.
    /// Connections are accepted from the moment this returns.
    ///
    /// # Errors
    /// [`StartError`] when the address can't be listened on.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let address = SocketAddr::new(options.address, options.port);
        let listen = async || {
            let listener = TcpListener::bind(address).await?;
            let bound = listener.local_addr()?;
            Ok::<_, io::Error>((listener, bound))
        };
        let (listener, bound) = listen().await.map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => StartError::Taken { address },
            _ => StartError::Listen { address, source },
        })?;
        let api = Api::new(options.config(), options.seed);
        let shared = Arc::new(Shared::new(Core { api, latency: options.latency }));
        let server = tokio::spawn(serve(listener, Arc::clone(&shared)));
        Ok(Self { address: bound, shared, server })
    }

    /// The base URL, without a slash at its end: `http://127.0.0.1:8990`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Stops listening and closes every connection; the port is free when this
    /// returns.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // The error is the abort itself.
        drop((&mut self.server).await);
    }

    /// All streams that exist, oldest first, whatever lists show.
    pub fn streams(&self) -> Vec<StreamView> {
        self.shared.lock().api.state.streams()
    }

    /// One stream.
    pub fn stream(&self, id: &str) -> Option<StreamView> {
        self.shared.lock().api.state.stream(id)
    }

    /// Creates a stream behind the operator's back.
    ///
    /// # Errors
    /// [`EditError::Refused`] when the API would refuse these values.
    pub fn create(&self, new: NewStream) -> Result<StreamView, EditError> {
        self.shared.lock().api.state.create(&new, Timestamp::now())
    }

    /// Changes a stream behind the operator's back.
    ///
    /// # Errors
    /// [`EditError`] when it does not exist or the API would refuse the values.
    pub fn edit(&self, id: &str, patch: StreamPatch) -> Result<StreamView, EditError> {
        self.shared.lock().api.state.edit(id, &patch, Timestamp::now())
    }

    /// Deletes a stream behind the operator's back.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn delete(&self, id: &str) -> Result<(), EditError> {
        self.shared.lock().api.state.delete(id, Timestamp::now())
    }

    /// Deletes every stream.
    pub fn clear_streams(&self) {
        self.shared.lock().api.state.clear_streams();
    }

    /// Puts a stream on air, or ends its broadcast.
    ///
    /// # Errors
    /// [`EditError::NotFound`].
    pub fn set_broadcasting(&self, id: &str, on: bool) -> Result<StreamView, EditError> {
        self.shared.lock().api.state.set_broadcasting(id, on, Timestamp::now())
    }

    /// Adds a player that streams can name.
    pub fn add_player(&self, id: impl Into<String>) {
        self.shared.lock().api.state.add_player(id, Timestamp::now());
    }

    /// The last calls, and the counters of all.
    pub fn calls(&self) -> CallLog {
        self.shared.lock().api.calls()
    }

    /// Empties the log and sets the counters to zero.
    pub fn reset_calls(&self) {
        self.shared.lock().api.reset_calls();
    }

    /// Adds a fault.
    pub fn inject(&self, rule: Rule) -> RuleId {
        self.shared.lock().api.faults.inject(rule)
    }

    /// Removes a fault; false: it is used up or was never there.
    pub fn remove_fault(&self, id: RuleId) -> bool {
        self.shared.lock().api.faults.remove(id)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.lock().api.faults.clear();
    }

    /// Makes `key` open `project` from now on; see [`State::point_key`](crate::State::point_key).
    pub fn point_key(&self, key: impl Into<Secret>, project: Option<String>) {
        self.shared.lock().api.state.point_key(key.into(), project);
    }

    /// Revokes the first key and its tokens; from now on `key` is accepted.
    pub fn set_api_key(&self, key: impl Into<Secret>) {
        self.shared.lock().api.state.set_api_key(key.into());
    }

    /// Changes settings while the sandbox runs.
    pub fn configure(&self, changes: Changes) {
        self.shared.lock().configure(&changes);
    }

    /// Every secret in force now; see [`State::secrets`](crate::State::secrets).
    pub fn secrets(&self) -> Vec<String> {
        self.shared.lock().api.state.secrets()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.server.abort();
    }
}
