//! The commands of the README and of docs/install.md, run in their order as
//! they are written, by a shell, on a fresh cluster.

use std::{fs, path::Path};

use crate::{cluster::Cluster, helm::Helm, stage::play};

/// The commands of a document's console blocks, each on one line.
fn commands(document: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document);
    let text = fs::read_to_string(path).expect("the document").replace("\\\n", "");
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

/// Whether a test can run it: no kubelet starts a pod here, and what is applied
/// to the example's LiveStream has no object to be applied to.
fn playable(command: &str) -> bool {
    let about_us = command.starts_with("helm ") || command.starts_with("kubectl ");
    about_us && !command.contains("rollout status") && !command.contains("town-hall")
}

#[test]
fn the_commands_of_the_installation_page_work_in_their_order() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(helm) = Helm::find() else { return };
        let helm = helm.with_cluster(cluster.kubeconfig());
        let folder = tempfile::tempdir().expect("a folder");
        let key = folder.path().join("key");
        fs::write(&key, "sandbox-key").expect("the key");
        let all = commands("docs/install.md");
        let (kustomize, rest): (Vec<_>, Vec<_>) =
            all.into_iter().filter(|command| playable(command)).partition(|command| command.contains(" -k "));
        assert!(rest.iter().any(|c| c.starts_with("helm upgrade")) && kustomize.len() == 1, "{rest:?}");
        // The other way to install comes when the first is removed.
        for command in rest.iter().chain(&kustomize) {
            let command = command.replace("=PATH", &format!("={}", key.display()));
            let ran = helm.shell(&command, &cluster.kubectl(), &[]);
            assert!(ran.is_ok(), "{command}: {ran:?}");
        }
        cluster.stop().await;
    });
}

#[test]
fn the_helm_line_of_the_readme_works() {
    play(async {
        let cluster = Cluster::bare().await;
        let Some(helm) = Helm::find() else { return };
        let helm = helm.with_cluster(cluster.kubeconfig());
        let lines: Vec<_> = commands("README.md").into_iter().filter(|c| c.starts_with("helm ")).collect();
        assert!(!lines.is_empty());
        for line in lines {
            let ran = helm.shell(&line, &cluster.kubectl(), &[("APIVIDEO_API_KEY", "sandbox-key")]);
            assert!(
                ran.as_ref().is_ok_and(|said| said.contains("Next, wait until it is ready")),
                "{line}: {ran:?}"
            );
        }
        cluster.stop().await;
    });
}
