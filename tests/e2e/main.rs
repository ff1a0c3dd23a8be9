//! The operator's binary against a real Kubernetes API server and the sandbox,
//! over loopback. Each test has a namespace, a sandbox and an operator of its own.

mod account;
mod adoption;
mod create;
mod lifecycle;
mod policies;
mod process;
mod refusals;
mod schema;
mod stage;
