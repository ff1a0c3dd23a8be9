//! `crd`: prints the custom resource definitions.

use std::io::{self, Write};

use super::Failure;

/// The definitions as YAML documents.
///
/// # Errors
/// If one can't be written as YAML: an error of the operator.
pub fn yaml() -> Result<String, Failure> {
    let documents = crate::kinds::all().iter().map(serde_yaml::to_string).collect::<Result<Vec<_>, _>>();
    let documents =
        documents.map_err(|error| Failure::Work(format!("the CRD can't be written as YAML: {error}")))?;
    Ok(documents.join("---\n"))
}

pub(crate) fn main() -> Result<(), Failure> {
    let text = yaml()?;
    match io::stdout().write_all(text.as_bytes()) {
        // Whoever reads may stop reading.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Work(format!("the CRD can't be printed: {error}")))
        }
        _ => Ok(()),
    }
}
