//! The LiveStream: its schema, its metadata, and how an object is read.

mod adoption_rules;
pub mod metadata;
pub mod parse;
pub mod spec;
pub mod status;

pub use spec::{LiveStream, LiveStreamSpec};
pub use status::LiveStreamStatus;
