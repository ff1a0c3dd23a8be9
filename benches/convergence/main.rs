//! The operator as a whole, measured: `cargo bench --bench convergence`.
//!
//! A real API server, the sandbox with limits that are never reached, and the
//! operator's own binary as a process. 1,000 LiveStreams are created at once;
//! then it is counted what it costs to make them Ready, what a drift pass
//! costs, and what is written while nothing changes; and before that, what the
//! operator takes at rest and how soon it is ready. The figures are printed as
//! a Markdown table; a count that has one right answer and differs makes the
//! exit code 1, a time never does.

mod cluster;
mod failure;
mod operator;
mod passes;
mod run;
mod start;
mod table;
mod usage;

use std::process::ExitCode;

use clap::Parser;

/// Measures the operator with many LiveStreams on a real API server.
#[derive(Debug, Parser)]
struct Args {
    /// How many LiveStreams.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    count: u32,

    /// Given by `cargo bench`, and not by `cargo test`.
    #[arg(long, hide = true)]
    bench: bool,

    /// Runs only if its name contains one of these, as other benchmarks do.
    #[arg(hide = true)]
    filters: Vec<String>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if !args.bench {
        eprintln!("only `cargo bench` measures: the figures of a build for tests would mean nothing");
        return ExitCode::SUCCESS;
    }
    if !args.filters.is_empty() && !args.filters.iter().any(|filter| "convergence".contains(filter.as_str()))
    {
        return ExitCode::SUCCESS;
    }
    match measure(args.count) {
        Ok(figures) => report(args.count, &figures),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn measure(count: u32) -> Result<Vec<table::Figure>, failure::Failure> {
    let failed = |source| failure::Failure::Process { what: "has no runtime to be measured from", source };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        tokio::select! {
            measured = run::measure(count) => measured,
            // Ends by dropping: nothing that was started stays behind.
            _ = tokio::signal::ctrl_c() => Err(failure::Failure::Stuck("interrupted".into())),
        }
    })
}

fn report(count: u32, figures: &[table::Figure]) -> ExitCode {
    println!("{count} LiveStreams; {}, shared with etcd, the API server and the sandbox\n", usage::machine());
    print!("{}", table::markdown(figures));
    if figures.iter().any(table::Figure::is_wrong) {
        eprintln!("\nerror: a count that has one right answer is wrong");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
