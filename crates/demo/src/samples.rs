//! The manifests of `deploy/samples`, as a person would apply them.

use std::path::{Path, PathBuf};

use apivideo_operator::kinds::LiveStream;
use kube::{Resource as _, ResourceExt as _, core::DynamicObject};
use serde::Deserialize as _;

/// The LiveStream that most steps use.
pub(crate) const TOWN_HALL: &str = "town-hall";
/// The LiveStream whose stream is kept when the manifest is deleted.
pub(crate) const BOARD_MEETING: &str = "board-meeting";

/// Why the samples can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SamplesError {
    /// A file or the folder can't be read.
    #[error("{path} can't be read: {source}; run the demo in the repository that it was built from", path = path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A file holds something else than Kubernetes objects.
    #[error("{path} is not a Kubernetes manifest: {source}", path = path.display())]
    NotAManifest { path: PathBuf, source: serde_yaml::Error },
    /// A LiveStream that the demo needs is not among the samples.
    #[error("{folder} has no LiveStream named {name}, which the demo needs", folder = folder.display())]
    Missing { folder: PathBuf, name: &'static str },
}

/// The sample manifests, in the order of their files' names.
#[derive(Debug)]
pub(crate) struct Samples {
    folder: PathBuf,
    pub(crate) objects: Vec<DynamicObject>,
}

impl Samples {
    /// Reads the samples of this repository.
    ///
    /// # Errors
    /// [`SamplesError`].
    pub(crate) fn of_the_repository() -> Result<Self, SamplesError> {
        // Cargo says where the package is now; it may have moved since it was built.
        let package =
            std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Self::read(Path::new(&package).join("../../deploy/samples"))
    }

    fn read(folder: PathBuf) -> Result<Self, SamplesError> {
        let unreadable = |path: &Path, source| SamplesError::Unreadable { path: path.to_owned(), source };
        let folder = folder.canonicalize().map_err(|error| unreadable(&folder, error))?;
        let entries = folder.read_dir().map_err(|error| unreadable(&folder, error))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| unreadable(&folder, error))?.path();
            if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
        files.sort();
        let mut objects = Vec::new();
        for path in files {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            objects.extend(documents(&text).map_err(|source| SamplesError::NotAManifest { path, source })?);
        }
        Ok(Self { folder, objects })
    }

    /// Where they are.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The manifest of a LiveStream that the demo needs.
    ///
    /// # Errors
    /// [`SamplesError::Missing`].
    pub(crate) fn manifest(&self, name: &'static str) -> Result<&DynamicObject, SamplesError> {
        let found = self.objects.iter().find(|object| is_live_stream(object) && object.name_any() == name);
        found.ok_or_else(|| SamplesError::Missing { folder: self.folder.clone(), name })
    }

    /// All but the LiveStreams of these names.
    pub(crate) fn besides(&self, names: [&'static str; 2]) -> impl Iterator<Item = &DynamicObject> {
        let named = move |object: &DynamicObject| {
            is_live_stream(object) && names.contains(&object.name_any().as_str())
        };
        self.objects.iter().filter(move |object| !named(object))
    }
}

/// Whether a manifest is one of the operator's.
pub(crate) fn is_live_stream(object: &DynamicObject) -> bool {
    let (kind, version) = (LiveStream::kind(&()), LiveStream::api_version(&()));
    object.types.as_ref().is_some_and(|types| types.kind == kind && types.api_version == version)
}

/// The objects of a file; empty documents are none.
fn documents(text: &str) -> Result<Vec<DynamicObject>, serde_yaml::Error> {
    let values = serde_yaml::Deserializer::from_str(text).map(serde_yaml::Value::deserialize);
    let objects = values.filter(|value| !matches!(value, Ok(serde_yaml::Value::Null)));
    objects.map(|value| value.and_then(serde_yaml::from_value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_have_a_kind_and_the_needed_streams_exist() {
        let samples = Samples::of_the_repository().unwrap();
        assert!(samples.objects.iter().all(|object| object.types.is_some()), "{samples:?}");
        for name in [TOWN_HALL, BOARD_MEETING] {
            samples.manifest(name).unwrap();
        }
        let named = [TOWN_HALL, BOARD_MEETING];
        assert_eq!(samples.besides(named).count(), samples.objects.len() - 2);
    }

    #[test]
    fn a_file_may_hold_several_objects_and_empty_documents() {
        let text = "# nothing\n---\nkind: A\napiVersion: v1\nmetadata: {name: a}\n---\n---\nkind: B\napiVersion: v1\nmetadata: {name: b}\n";
        let names: Vec<_> = documents(text).unwrap().iter().map(|object| object.name_any()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(documents("just a text").is_err());
    }

    #[test]
    fn a_missing_sample_is_named() {
        let error = Samples::of_the_repository().unwrap().manifest("nobody").unwrap_err().to_string();
        assert!(error.contains("nobody") && error.contains("deploy/samples"), "{error}");
    }
}
