//! The API as a pure state machine: requests and times in, answers out.

mod account;
mod attribute;
mod edit;
mod fields;
mod jwt;
mod limits;
mod listing;
mod player;
mod players;
mod project;
mod resource;
mod routes;
mod stream;
mod streams;
mod tokens;
mod upload;

pub use account::State;
pub use edit::{EditError, NewStream, StreamPatch};
pub use limits::{Budget, Window};
pub use player::DEFAULT_PLAYER_ID;
pub(crate) use project::NotChanged;
pub(crate) use resource::{object, refusal};
pub use stream::StreamView;
