//! Pictures that a recipe names, with the commands that draw them.

use super::text::cell;
use crate::plan::Illustration;

/// Each picture under its caption, then how they are drawn; empty without any.
pub fn section(illustrations: &[Illustration]) -> String {
    if illustrations.is_empty() {
        return String::new();
    }
    let shown: String = illustrations.iter().map(shown).collect();
    let commands: Vec<&str> = illustrations.iter().map(|one| one.command.as_str()).collect();
    format!("{shown}Drawn by:\n\n```sh\n{}\n```\n", commands.join("\n"))
}

fn shown(one: &Illustration) -> String {
    let caption = cell(&one.caption);
    format!("**{caption}**\n\n![{caption}]({})\n\n", one.file)
}
