//! What the operator needs of the cluster, checked when it starts: the CRD, of
//! this release or a newer one, and the permissions. What is missing is reported
//! at once, in the log and by `/readyz`, with the command that fixes it.

mod checks;
mod hint;
mod rbac;
mod skew;

pub use checks::{hindrance, run};
pub use hint::hint;
