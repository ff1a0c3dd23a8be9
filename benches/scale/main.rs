//! The operator as a whole, measured: `cargo bench --bench scale`.
//!
//! A real API server, the sandbox, and the operator's own binary as a process,
//! with ten thousand LiveStreams. The limits' window is shortened, so that what
//! takes an hour against the real limits ends in minutes. Each figure stands
//! beside the theoretical best or its target, and what a poll of each object
//! does is measured in the same run. A count that has one right answer and
//! differs makes the exit code 1; a time never does.

mod args;
mod cluster;
mod edits;
mod failure;
mod figure;
mod operator;
mod parts;
mod poller;
mod pure;
mod ready;
mod report;
mod stage;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    args::{Args, Setting},
    failure::Failure,
    figure::Table,
};

fn main() -> ExitCode {
    let args = Args::parse();
    if !args.bench {
        eprintln!("only `cargo bench` measures: the figures of a build for tests would mean nothing");
        return ExitCode::SUCCESS;
    }
    if !args.filters.is_empty() && !args.filters.iter().any(|filter| "scale".contains(filter.as_str())) {
        return ExitCode::SUCCESS;
    }
    let setting = args.setting();
    let mut tables = Vec::new();
    let measured = measure(&setting, &mut tables);
    if args.json {
        println!("{:#}", report::json(&setting, &tables));
    } else {
        print!("{}", report::markdown(&setting, &tables));
    }
    if let Err(failure) = measured {
        eprintln!("\nerror: {failure}");
        return ExitCode::FAILURE;
    }
    if tables.iter().any(Table::is_wrong) {
        eprintln!("\nerror: a count that has one right answer is wrong");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn measure(setting: &Setting, tables: &mut Vec<Table>) -> Result<(), Failure> {
    let failed = |source| Failure::Process { what: "has no runtime to be measured from", source };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(async {
        tokio::select! {
            measured = parts::measure(setting, tables) => measured,
            // Ends by dropping: nothing that was started stays behind.
            _ = tokio::signal::ctrl_c() => Err(Failure::Stuck("interrupted".into())),
        }
    })
}
