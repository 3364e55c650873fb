//! The `codecbench` command.

fn main() {}
