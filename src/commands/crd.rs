//! `crd`: prints the custom resource definitions.

use std::io::{self, Write};

use super::failure::Failure;

/// The definitions as YAML documents.
///
/// # Errors
/// If one can't be serialized: a bug of the operator.
pub fn yaml() -> Result<String, Failure> {
    let documents = crate::kinds::all().iter().map(serde_yaml::to_string).collect::<Result<Vec<_>, _>>();
    let documents =
        documents.map_err(|error| Failure::Work(format!("cannot serialize the CRDs as YAML: {error}")))?;
    Ok(documents.join("---\n"))
}

/// Prints the definitions.
///
/// # Errors
/// If they can't be printed.
pub fn main() -> Result<(), Failure> {
    let text = yaml()?;
    match io::stdout().write_all(text.as_bytes()) {
        // The reader may close the pipe early.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Work(format!("cannot write the CRDs to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
