//! The `codecbench` command.

use std::process::ExitCode;

use codecbench::run::alloc::Counting;

/// Counts memory while a cell is measured, and only then.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    codecbench::cli::main()
}
