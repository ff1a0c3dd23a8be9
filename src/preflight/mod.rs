//! Preflight checks: what the operator needs of the cluster. That is the CRD, of this
//! release or a newer one, and permissions. What is missing is reported at once, in
//! the log and by `/readyz`, with the command that fixes it.

mod checks;
mod hint;
mod permissions;
mod rbac;
mod run;
mod skew;

pub use checks::check_election;
pub use hint::hint;
pub use run::run;
