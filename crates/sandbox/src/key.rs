//! API keys, and the projects that they open.

use std::str::FromStr;

use serde::Deserialize;

use crate::secret::Secret;

/// An API key and its project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key itself.
    pub key: Secret,
    /// The project that it opens; `None`: the unnamed one, with opaque tokens.
    pub project: Option<String>,
}

/// A text that is no API key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("accepted is KEY or KEY=PROJECT, with neither of them empty")]
pub struct ApiKeyError;

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    /// Reads `KEY` or `KEY=PROJECT`.
    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        let (key, project) = match text.split_once('=') {
            Some((key, project)) => (key, Some(project.to_owned())),
            None => (text, None),
        };
        if key.is_empty() || project.as_deref() == Some("") {
            return Err(ApiKeyError);
        }
        Ok(Self { key: key.into(), project })
    }
}

/// Where the access token of a named project has the project's id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum ProjectClaim {
    /// `projectId`, beside times with fractions.
    #[default]
    #[serde(rename = "projectId")]
    ProjectId,
    /// `context.project`, beside times in whole seconds: the older form.
    #[serde(rename = "context.project")]
    ContextProject,
}

impl FromStr for ProjectClaim {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "projectId" => Ok(Self::ProjectId),
            "context.project" => Ok(Self::ContextProject),
            _ => Err("accepted are projectId and context.project".to_owned()),
        }
    }
}

/// Names a project: a world of streams and players of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProjectId(Option<String>);

impl ProjectId {
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl From<Option<String>> for ProjectId {
    fn from(name: Option<String>) -> Self {
        Self(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_and_without_its_project() {
        let read =
            |text: &str| text.parse().map(|ApiKey { key, project }| (key.expose().to_owned(), project));
        assert_eq!(read("k"), Ok(("k".into(), None)));
        assert_eq!(read("k=pr1"), Ok(("k".into(), Some("pr1".into()))));
        for wrong in ["", "=pr1", "k="] {
            assert_eq!(read(wrong), Err(ApiKeyError), "{wrong:?}");
        }
    }
}
