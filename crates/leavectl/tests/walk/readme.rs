//! What the README has a reader type, and what it says that is printed then.

use std::path::Path;

/// One command with what it prints, as the README has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) command: String,
    pub(crate) printed: Vec<String>,
}

fn text() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).unwrap()
}

/// The fenced blocks of a section, as (language, lines).
pub(crate) fn blocks(section: &str) -> Vec<(String, Vec<String>)> {
    let text = text();
    let (_, text) = text.split_once(&format!("\n## {section}\n")).unwrap();
    let text = text.split("\n## ").next().unwrap();
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    let mut is_inside = false;
    for line in text.lines() {
        match (line.strip_prefix("```"), is_inside) {
            (Some(language), false) => blocks.push((language.to_owned(), Vec::new())),
            (None, true) => blocks.last_mut().unwrap().1.push(line.to_owned()),
            _ => {}
        }
        is_inside ^= line.starts_with("```");
    }
    blocks
}

/// The steps of a section's `console` block: lines after `$ ` are commands.
pub(crate) fn steps(section: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in language(section, "console").concat() {
        match line.strip_prefix("$ ") {
            Some(command) => steps.push(Step { command: command.to_owned(), printed: Vec::new() }),
            None => steps.last_mut().unwrap().printed.push(line),
        }
    }
    steps
}

/// The blocks of a section in one language.
pub(crate) fn language(section: &str, language: &str) -> Vec<Vec<String>> {
    let all = blocks(section).into_iter();
    all.filter(|(of, _)| of == language).map(|(_, lines)| lines).collect()
}

/// Every section's name.
pub(crate) fn sections() -> Vec<String> {
    text().lines().filter_map(|line| line.strip_prefix("## ")).map(str::to_owned).collect()
}

/// Whether `printed` is what the README shows, which has `…` for what differs.
pub(crate) fn fits(shown: &str, printed: &str) -> bool {
    let mut rest = printed;
    for (index, part) in shown.split('…').enumerate() {
        match rest.find(part) {
            Some(0) => rest = &rest[part.len()..],
            Some(at) if index > 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty() || shown.ends_with('…')
}
