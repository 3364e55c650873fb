//! The command line: one file per verb. Only this module prints.

mod analyze;
mod check;
mod compare;
mod completions;
mod compress;
mod decompress;
mod fetch;
mod inspect;
mod list;
mod raw;
mod report;
mod repro;
mod sweep;
mod worker;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

pub use worker::work;

/// Exit code of whatever stopped the work.
const STOPPED: u8 = 2;

/// Compares tensor-compression methods on the same data, at the same quality, with every byte counted
#[derive(Debug, Parser)]
#[command(
    name = "codecbench",
    version,
    after_help = "Example: codecbench sweep --dataset 'gen-*' --method zlib --target lossless"
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Sweep(sweep::SweepArgs),
    Check(check::CheckArgs),
    Report(report::ReportArgs),
    Repro(repro::ReproArgs),
    Compress(compress::CompressArgs),
    Compare(compare::CompareArgs),
    Decompress(decompress::DecompressArgs),
    Inspect(inspect::InspectArgs),
    Analyze(analyze::AnalyzeArgs),
    List(list::ListArgs),
    Fetch(fetch::FetchArgs),
    Completions(completions::CompletionsArgs),
    Man(completions::ManArgs),
}

/// Runs the command line of this process.
///
/// Exit codes: 0 success, 1 a gate failed, 2 anything that stopped the work. Output through a closed pipe is success.
pub fn main() -> ExitCode {
    // No verb for people: it stands in no help, manual or completion.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == worker::VERB) {
        return ended(worker::run());
    }
    match Cli::try_parse() {
        Ok(cli) => ended(run(cli.verb)),
        Err(error) => usage(&error),
    }
}

fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Sweep(args) => sweep::run(&args),
        Verb::Check(args) => check::run(&args),
        Verb::Report(args) => report::run(&args),
        Verb::Repro(args) => repro::run(&args),
        Verb::Compress(args) => compress::run(&args),
        Verb::Compare(args) => compare::run(&args),
        Verb::Decompress(args) => decompress::run(&args),
        Verb::Inspect(args) => inspect::run(&args),
        Verb::Analyze(args) => analyze::run(&args),
        Verb::List(args) => list::run(&args),
        Verb::Fetch(args) => fetch::run(&args),
        Verb::Completions(args) => completions::run(&args),
        Verb::Man(args) => completions::man(&args),
    }
}

/// The exit code, and the error on stderr if there is one.
fn ended(outcome: Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        if closed_pipe(&error) {
            return ExitCode::SUCCESS;
        }
        let _ = writeln!(io::stderr(), "codecbench: {}", one_line(&error));
        ExitCode::from(STOPPED)
    })
}

/// Help and version go to stdout; a command line that does not read is one line on stderr, like every other error.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Only a closed pipe can fail here, and that is success.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return ExitCode::from(STOPPED);
    }
    let _ = writeln!(io::stderr(), "codecbench: {}; try `--help`", first_part(&error.render().to_string()));
    ExitCode::from(STOPPED)
}

/// What is wrong, and a tip if there is one, without the usage that follows.
fn first_part(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let joined = lines.collect::<Vec<_>>().join(" ").replace(" tip: ", "; ");
    joined.trim_start_matches("error: ").to_string()
}

/// Prints to stdout. A closed pipe is an error here, and success in [`main`].
fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    Ok(())
}

fn closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe))
}

/// The chain of causes on one line. A cause that its wrapper already quotes is not said twice.
fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.ends_with(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}: {cause}") };
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent_and_every_verb_has_an_example() {
        let command = Cli::command();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            let help = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example: codecbench"), "`{}` shows no example in its help", verb.get_name());
        }
    }

    #[test]
    fn a_command_line_that_does_not_read_is_one_line() {
        let refusal =
            |words: &[&str]| first_part(&Cli::try_parse_from(words).expect_err("nonsense").render().to_string());
        let text = refusal(&["codecbench", "list", "metrics", "--jsno"]);
        assert!(text.starts_with("unexpected argument '--jsno'") && text.contains("'--json'"), "{text}");
        let text = refusal(&["codecbench", "list"]);
        assert!(text.contains("<WHAT>") && !text.contains('\n') && !text.contains("Usage"), "{text}");
        assert!(refusal(&["codecbench", "list", "soup"]).contains("methods, datasets, metrics"));
    }

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow::anyhow!("no such file").context("cannot read a.npy: no such file");
        assert_eq!(one_line(&error), "cannot read a.npy: no such file");
    }
}
