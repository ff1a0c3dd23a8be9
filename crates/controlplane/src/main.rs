//! `apivideo-controlplane`: a Kubernetes control plane in the foreground.

mod kubeconfig_copy;

use apivideo_controlplane::{Component, ControlPlane, Finder, Options, Progress};
use clap::Parser;
use kubeconfig_copy::KubeconfigCopy;
use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// Starts a real Kubernetes control plane on this machine: etcd, kube-apiserver and
/// kube-controller-manager, without containers, on loopback, until Ctrl-C.
///
/// When it is ready it prints two lines for a shell on standard output: the
/// KUBECONFIG to export, and the kubectl that fits. Then, in another terminal:
///
///     export KUBECONFIG=…
///     kubectl get namespaces
///
/// The programs come from KUBEBUILDER_ASSETS, from the cache
/// (~/.cache/apivideo-operator), from the official releases, or are built with Go
/// 1.26, whichever works first. Everything but that cache is gone when it ends.
#[derive(Debug, Parser)]
#[command(name = "apivideo-controlplane", version, verbatim_doc_comment)]
struct Cli {
    /// Also write the kubeconfig to this file, and remove it at the end. A file that
    /// is there is replaced only if it is such a kubeconfig of an earlier run.
    #[arg(long, value_name = "PATH")]
    kubeconfig: Option<PathBuf>,

    /// Leave kube-controller-manager out: then deleted namespaces and owner
    /// references stay as they are.
    #[arg(long)]
    no_controller_manager: bool,

    /// An argument for kube-apiserver, like --apiserver-arg=--v=4. Repeatable.
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    apiserver_arg: Vec<String>,

    /// Find, download or build the programs, then end. For caches of CI and images.
    #[arg(long)]
    only_fetch: bool,

    /// Like --only-fetch, and print the path of each program on standard output.
    #[arg(long)]
    print_tools: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> Result<(), Box<dyn Error>> {
    // Listened for from the start on: a build of minutes must end cleanly as well.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let asked_to_end = async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let mut asked_to_end = std::pin::pin!(asked_to_end);

    if cli.only_fetch || cli.print_tools {
        return tokio::select! {
            () = &mut asked_to_end => Err("ended before everything was there".into()),
            fetched = fetch(&cli) => fetched,
        };
    }
    let options = Options {
        controller_manager: !cli.no_controller_manager,
        apiserver_args: cli.apiserver_arg,
        progress: Progress::stderr(),
    };
    let mut plane = tokio::select! {
        () = &mut asked_to_end => return Ok(()),
        started = ControlPlane::start(options) => started?,
    };
    let outcome = serve(&mut plane, cli.kubeconfig, asked_to_end).await;
    eprintln!("stopping the control plane …");
    plane.stop().await;
    outcome
}

/// Shows how to reach the control plane and stays until the end.
async fn serve(
    plane: &mut ControlPlane,
    copy_to: Option<PathBuf>,
    asked_to_end: impl Future<Output = ()>,
) -> Result<(), Box<dyn Error>> {
    let copy = copy_to.map(|path| KubeconfigCopy::write(path, plane.kubeconfig_yaml())).transpose()?;
    let kubeconfig = copy.as_ref().map_or(plane.kubeconfig(), KubeconfigCopy::path);
    println!("export KUBECONFIG={}", shell_word(&kubeconfig.display().to_string()));
    println!("alias kubectl={}", shell_word(&plane.kubectl().display().to_string()));
    eprintln!("Ctrl-C ends it.");
    tokio::select! {
        () = asked_to_end => Ok(()),
        ended = plane.component_ended() => Err(ended.into()),
    }
}

async fn fetch(cli: &Cli) -> Result<(), Box<dyn Error>> {
    let finder = Finder::from_env(Progress::stderr());
    for component in Component::ALL {
        if component == Component::ControllerManager && cli.no_controller_manager {
            continue;
        }
        let path = finder.find(component).await?;
        if cli.print_tools {
            println!("{component}={}", path.display());
        }
    }
    Ok(())
}

/// A path as one word of a shell, whatever is in it.
fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_path_with_spaces_and_quotes_is_one_word() {
        assert_eq!(shell_word("/tmp/x-1/kubeconfig"), "/tmp/x-1/kubeconfig");
        assert_eq!(shell_word("/it's here"), r"'/it'\''s here'");
    }
}
