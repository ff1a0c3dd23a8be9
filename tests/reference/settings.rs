//! The commands and their settings, from the command line's own definition.

use apivideo_operator::cli::Cli;
use clap::{Arg, Command, CommandFactory};

use crate::{code, table};

pub(crate) fn text() -> String {
    let command = Cli::command();
    let about = |command: &Command| command.get_about().map(ToString::to_string).unwrap_or_default();
    let rows: Vec<_> =
        command.get_subcommands().map(|command| vec![code(command.get_name()), about(command)]).collect();
    let mut text = format!("## Commands\n\n{}", table(&["command", "meaning"], &rows));
    for command in command.get_subcommands() {
        let rows: Vec<_> = command.get_arguments().filter(|arg| !arg.is_hide_set()).map(row).collect();
        if !rows.is_empty() {
            let name = command.get_name();
            let header = ["flag", "variable", "default", "accepted", "meaning"];
            text.push_str(&format!("\n## Settings of `{name}`\n\n{}", table(&header, &rows)));
        }
    }
    text.push_str(
        "\nThe API key can also be the variable `APIVIDEO_API_KEY`, which has no flag: a process list shows flags. \
         `RUST_LOG` filters the log. Exit codes: 0 after SIGTERM, 1 if the operator can't work, 2 for a wrong or missing \
         setting.\n",
    );
    text
}

fn row(arg: &Arg) -> Vec<String> {
    let flag = arg.get_long().map(|long| format!("--{long}")).unwrap_or_else(|| arg.get_id().to_string());
    let variable = arg.get_env().map(|env| env.to_string_lossy().into_owned()).unwrap_or_default();
    let defaults: Vec<_> = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let values: Vec<_> = arg.get_possible_values().iter().map(|value| code(value.get_name())).collect();
    let accepted = match (values.is_empty(), arg.get_value_names()) {
        (false, _) => values.join(" or "),
        (true, Some(names)) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        (true, None) => "–".to_owned(),
    };
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    vec![code(&flag), code(&variable), code(&defaults.join(",")), accepted, help]
}
