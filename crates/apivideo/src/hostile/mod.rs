//! Every parser of this crate against hostile answers: nothing panics, what is
//! read is sane, and what is refused is refused in few words without a secret.
//!
//! `mutation` makes answers that are almost valid, the rest are the parsers:
//! bodies of a 2xx, bodies of an error, headers.

mod bodies;
mod headers;
mod mutation;
mod refusals;
