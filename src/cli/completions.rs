//! `codecbench completions` and `codecbench man`: made from the same definitions as the command line.

use std::process::ExitCode;

use anyhow::Result;
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

/// Print the manual page
#[derive(Args, Debug)]
#[command(after_help = "Example: codecbench man > codecbench.1")]
pub struct ManArgs {}

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

/// Prints the manual page.
///
/// # Errors
/// If stdout cannot be written.
pub fn man() -> Result<ExitCode> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    print(&String::from_utf8_lossy(&page))?;
    Ok(ExitCode::SUCCESS)
}
