//! A typed client of the [api.video](https://api.video) REST API: live streams.

mod authenticate;
mod availability;
mod budget;
mod client;
mod clock;
mod decode;
mod error;
mod excerpt;
mod governor;
mod http_wire;
mod interpret;
mod model;
mod observe;
mod priority;
mod rate_limit;
pub mod requests;
mod retry;
mod secret;
mod settings;
mod token;
mod transport;
mod window;
mod wire;

pub use client::{AccountState, Answer, Client};
pub use error::{Deferral, Effect, Error, Fault};
pub use http_wire::{HttpWire, MAX_ANSWER, WireBuildError};
pub use model::{
    Assets, CreateLiveStream, ListLiveStreams, LiveStream, Page, PublicAssets, SortBy, SortOrder,
    UpdateLiveStream,
};
pub use observe::{Call, CallObserver, Code};
pub use priority::Priority;
pub use rate_limit::{Limits, RateLimit, WINDOW};
pub use requests::*;
pub use secret::Secret;
pub use settings::{PRODUCTION, SANDBOX, Settings, SettingsError};
pub use wire::{Wire, WireError};
