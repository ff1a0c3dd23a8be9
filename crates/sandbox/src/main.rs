//! `apivideo-sandbox`: a local api.video on a port.

use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;
use std::time::Duration;

use apivideo_sandbox::{ApiKey, Options, ProjectClaim, Sandbox, parse_duration};
use clap::Parser;
use tracing_subscriber::EnvFilter;

/// A local api.video: live streams, players, faults, and a page in the browser.
#[derive(Debug, Parser)]
#[command(name = "apivideo-sandbox", version)]
struct Flags {
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 8990)]
    port: u16,
    /// The address to listen on. The control endpoints ask for no key: keep it
    /// on loopback unless you trust the network
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    address: IpAddr,
    /// Reads (GET) that a window allows
    #[arg(long, default_value_t = 500)]
    reads: u64,
    /// Writes (POST, PATCH, PUT and DELETE) that a window allows
    #[arg(long, default_value_t = 200)]
    writes: u64,
    /// The length of a rate limit window
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = above_zero)]
    window: Duration,
    /// The delay of every answer
    #[arg(long, default_value = "0ms", value_name = "DURATION", value_parser = parse_duration)]
    latency: Duration,
    /// The delay until lists show creates, changes and deletes
    #[arg(long, default_value = "0s", value_name = "DURATION", value_parser = parse_duration)]
    list_lag: Duration,
    /// A key that clients may use, and the project that it opens. Repeatable:
    /// each project has streams and limits of its own
    #[arg(long, default_value = "sandbox-key", value_name = "KEY[=PROJECT]")]
    api_key: Vec<ApiKey>,
    /// The project of the keys that name none; access tokens are then JSON Web
    /// Tokens that name it, and opaque otherwise
    #[arg(long)]
    project: Option<String>,
    /// Where an access token names its project: projectId or context.project
    #[arg(long, default_value = "projectId", value_name = "CLAIM")]
    project_claim: ProjectClaim,
    /// The lifetime of an access token
    #[arg(long, default_value = "3600s", value_name = "DURATION", value_parser = above_zero)]
    token_ttl: Duration,
    /// The seed of ids, stream keys and probabilities
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn above_zero(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("accepted are durations above zero, like 500ms, 60s or 5m".to_owned()),
    }
}

impl From<Flags> for Options {
    fn from(flags: Flags) -> Self {
        let project = |own: Option<String>| own.or_else(|| flags.project.clone());
        let mut keys = flags
            .api_key
            .into_iter()
            .map(|ApiKey { key, project: own }| ApiKey { key, project: project(own) });
        let default = Self::default();
        let first = keys.next().unwrap_or(ApiKey { key: default.api_key.clone(), project: None });
        Self {
            address: flags.address,
            port: flags.port,
            api_key: first.key,
            project: first.project,
            more_keys: keys.collect(),
            project_claim: flags.project_claim,
            reads: flags.reads,
            writes: flags.writes,
            window: flags.window,
            list_lag: flags.list_lag,
            token_ttl: flags.token_ttl,
            latency: flags.latency,
            seed: flags.seed,
            ..default
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::from(Flags::parse());
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    // Before the sandbox is ready: whoever waits for that may signal at once.
    let stop = stop_signal()?;
    let sandbox = Sandbox::start(options).await?;
    println!("apivideo-sandbox listening on {}", sandbox.url());
    stop.await;
    sandbox.shutdown().await;
    Ok(())
}

/// Ends with Ctrl-C or SIGTERM; both are caught from the moment this returns.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "can't listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    })
}
