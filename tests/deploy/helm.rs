//! Helm, with folders of its own, and with no cluster but the given one.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{manifests, tools};

/// Helm in a scratch folder.
pub(crate) struct Helm {
    program: &'static Path,
    home: TempDir,
}

/// The folder of the chart.
pub(crate) fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/helm/apivideo-operator")
}

impl Helm {
    /// None where it is not to be had.
    pub(crate) fn find() -> Option<Self> {
        Some(Self { program: tools::helm()?, home: TempDir::new().expect("a folder") })
    }

    /// Runs it: its output, or what it complains of.
    pub(crate) fn run(&self, args: &[&str]) -> Result<String, String> {
        self.result(Command::new(self.program).env_clear().args(args))
    }

    /// Runs a line as a person would in a shell, in the project's folder, with
    /// helm and this kubectl at hand.
    pub(crate) fn shell(
        &self,
        line: &str,
        kubectl: &Path,
        variables: &[(&str, &str)],
    ) -> Result<String, String> {
        let folder = |program: &Path| program.parent().expect("a folder").display().to_string();
        let path = format!("{}:{}:/usr/bin:/bin", folder(self.program), folder(kubectl));
        let mut shell = Command::new("sh");
        shell.env_clear().env("PATH", path).envs(variables.iter().copied()).args(["-c", line]);
        self.result(shell.current_dir(env!("CARGO_MANIFEST_DIR")))
    }

    fn result(&self, command: &mut Command) -> Result<String, String> {
        let home = |name: &str| self.home.path().join(name);
        let ran = command
            .env("HOME", self.home.path())
            .env("HELM_CACHE_HOME", home("cache"))
            .env("HELM_CONFIG_HOME", home("config"))
            .env("HELM_DATA_HOME", home("data"))
            .env("KUBECONFIG", home("kubeconfig"))
            .output()
            .expect("it runs");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if ran.status.success() { Ok(text(&ran.stdout)) } else { Err(text(&ran.stderr)) }
    }

    /// From here on it works on this cluster.
    pub(crate) fn with_cluster(self, kubeconfig: &str) -> Self {
        std::fs::write(self.home.path().join("kubeconfig"), kubeconfig).expect("the kubeconfig");
        self
    }

    /// The documents that the chart makes of these values, in a namespace.
    pub(crate) fn template(&self, namespace: &str, set: &[&str]) -> Result<Vec<Value>, String> {
        let chart = chart();
        let mut args =
            vec!["template", "apivideo-operator", chart.to_str().expect("a path"), "--namespace", namespace];
        args.extend(set.iter().flat_map(|value| ["--set", value]));
        self.run(&args).map(|text| manifests::parse(&text))
    }
}
