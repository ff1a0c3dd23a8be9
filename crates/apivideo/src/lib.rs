//! A typed client of the [api.video](https://api.video) REST API: live streams.
//!
//! A call is a value ([`Request`]) that a [`Client`] sends. Between the two are, in
//! this order, the circuit breaker (`circuit_breaker`), the budget (`budget`, `share`,
//! `window`) with the tickets that wait for it (`queue`, `ticket`), the token (`token`,
//! `authenticate`, `project`) and the [`Wire`]. The answer is read by `outcome` and
//! `decode`, and `retry` alone says whether the call is repeated. All of these
//! decide as pure functions of values, with the time as an argument; `client`,
//! `sender`, `governor` and `transport` are the thin shell around them.
//!
//! What a caller can rely on:
//! - A create is never sent twice, and [`Error::effect`] never says
//!   [`Effect::None`] of a call that may have done something.
//! - No more of the account's limits is used than the share in [`Settings`].
//! - No `Debug`, `Display` or log line shows the key, a token, a stream key or
//!   the address of a private stream.
//! - The future of any call may be dropped at any time.
//!
//! ```no_run
//! use std::{sync::Arc, time::Duration};
//! use apivideo::{Client, HttpWire, ListLiveStreams, PRODUCTION, Priority, Settings, list};
//!
//! # async fn example(key: apivideo::Secret) -> Result<(), Box<dyn std::error::Error>> {
//! let settings = Settings {
//!     base_url: PRODUCTION.to_owned(),
//!     api_key: key,
//!     read_share: 0.9,
//!     write_share: 0.9,
//!     user_agent: "example/1.0".to_owned(),
//!     jitter_seed: None,
//! };
//! let client = Client::new(settings, Arc::new(HttpWire::new(Duration::from_secs(15))?), None)?;
//! let page = client.send(list(&ListLiveStreams::default()), Priority::Background).await?;
//! println!("{} streams on this page", page.items.len());
//! # Ok(())
//! # }
//! ```

mod account_state;
mod authenticate;
mod budget;
mod circuit_breaker;
mod class;
mod class_limiter;
mod client;
mod clock;
mod decode;
mod error;
mod failure;
mod governor;
#[cfg(test)]
mod hostile;
mod http_wire;
mod limiters;
mod model;
mod observe;
mod outcome;
mod permit;
mod priority;
mod project;
mod queue;
mod rate_limit;
mod redact;
mod requests;
mod retry;
mod secret;
mod sender;
mod settings;
mod share;
mod ticket;
mod token;
mod transport;
mod window;
mod wire;

pub use account_state::{AccountState, Usage, Waiting};
pub use class::Class;
pub use client::Client;
pub use error::{Deferral, Effect, Error};
pub use http_wire::{HttpWire, MAX_ANSWER, WireBuildError};
pub use model::{Assets, ListLiveStreams, LiveStream, Page};
pub use observe::{Call, CallObserver, Code};
pub use permit::Permit;
pub use priority::Priority;
pub use rate_limit::{RateLimit, WINDOW};
pub use requests::{Request, create, delete, get, list, update};
pub use secret::Secret;
pub use settings::{PRODUCTION, SANDBOX, Settings, SettingsError};
pub use ticket::Ticket;
pub use wire::{Wire, WireError};
