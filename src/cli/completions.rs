//! `codecbench completions` and `codecbench man`: made from the same definitions as the command line.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, print};

/// Print a completion script for a shell
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench completions bash > /etc/bash_completion.d/codecbench")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print the manual page of the program, or of one verb
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench man sweep > codecbench-sweep.1")]
pub struct ManArgs {
    /// The verb
    verb: Option<String>,
}

/// Prints a completion script.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "codecbench", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a manual page.
///
/// # Errors
/// If there is no such verb, or stdout cannot be written.
pub fn man(args: &ManArgs) -> Result<ExitCode> {
    let mut command = Cli::command();
    command.build();
    let command = match &args.verb {
        None => command,
        Some(verb) => {
            let known: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_string()).collect();
            let found = command.find_subcommand(verb).cloned();
            found.ok_or_else(|| anyhow!("unknown verb {verb:?}; known: {}", known.join(", ")))?
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}
