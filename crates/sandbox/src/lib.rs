//! A local api.video: `/auth`, `/live-streams` and `/players` with the
//! answers, errors, paging, rate limits and headers of the public
//! specification, for tests and demos.
//!
//! Three layers, each usable without the one above it:
//!
//! 1. [`State`]: the API as a pure state machine. A request and the time go in,
//!    an answer goes out. No I/O, no clock, no randomness but a seeded
//!    generator, so that a run can be repeated exactly.
//! 2. [`Api`]: the state machine behind its [`Faults`], with the log of calls.
//!    Still pure: delays and lost answers are values ([`Delivery`]) that the
//!    caller carries out, over a socket or in simulated time.
//! 3. [`Sandbox`]: the above on a TCP port, with control endpoints below
//!    `/_sandbox` and a page for people at `/`.
//!
//! What can go wrong, and how: `README.md` beside this crate has the faults, the
//! control endpoints and the projects.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use apivideo_sandbox::{Fault, NewStream, Options, Rule, Sandbox};
//!
//! let sandbox = Sandbox::start(Options::default()).await?;
//! sandbox.inject(Rule::once(Fault::LostAfter).on("POST", "/live-streams"));
//! let stream = sandbox.create(NewStream::named("Town hall"))?;
//! assert_eq!(sandbox.streams(), vec![stream]);
//! sandbox.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod answer;
mod api;
mod body;
mod calls;
mod changes;
mod config;
mod control;
mod delivery;
mod fault;
mod faults;
mod faulty;
mod generator;
mod key;
mod rule;
mod rule_json;
mod sandbox;
mod scope;
mod secret;
mod server;
mod state;

pub use api::Api;
pub use calls::{CallCount, CallEntry, CallLog};
pub use changes::Changes;
pub use config::{Config, DurationError, Options, parse_duration};
pub use delivery::{Arrival, Delivery};
pub use fault::Fault;
pub use faults::{Faults, RuleId};
pub use key::{ApiKey, ApiKeyError, ProjectClaim};
pub use rule::Rule;
pub use sandbox::{Sandbox, StartError};
pub use scope::Scope;
pub use secret::Secret;
pub use state::{Budget, DEFAULT_PLAYER_ID, EditError, NewStream, State, StreamPatch, StreamView, Window};
