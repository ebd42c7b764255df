//! Lines of the README that no test here runs, and why. A new line is run, or stands here.

use std::collections::BTreeSet;

use crate::readme::{blocks, sections};

/// By section: how a line begins, and why it is left out.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("Try it", "cargo test --workspace", "it would run itself"),
    ("Events", "cargo lambda watch &", "cargo-lambda is the reader's; events/ is sent elsewhere"),
    ("Events", "cargo lambda invoke ", "the same"),
    ("Deploy", "sam build", "an AWS account, and tools of the reader's own"),
    ("Deploy", "sam deploy ", "the same"),
    ("Deploy", "export TABLE_NAME=<TableName> ", "the outputs of a stack on AWS"),
    ("Deploy", "leavectl account create acme", "the same, with these variables"),
    ("Deploy", "leavectl instance create acme sales", "the same"),
    ("Deploy", "leavectl instance link acme sales ", "the same, and a real phone"),
    ("Deploy", "leavectl token issue acme", "the same"),
    ("Deploy", "LEAVE_GROUP_BOOTSTRAP=", "what `sam build` makes"),
    ("Operate", "leavectl instance import other sales auth_info_baileys/", "a session to import"),
    ("Operate", "leavectl instance set-proxy other sales ", "a proxy, and a file with its address"),
    ("Operate", "leavectl version refresh ", "the internet"),
];

/// Whether a line of a section is left out.
pub(crate) fn is(section: &str, line: &str) -> bool {
    let begins = |(of, begin, _): &&(&str, &str, &str)| *of == section && line.starts_with(begin);
    LEFT_OUT.iter().any(|entry| begins(&entry))
}

#[test]
fn each_line_is_run_or_named_here_with_its_reason() {
    // Sections whose other lines are run, by the file of that name.
    let run = ["Try it", "From a phone number to a leave", "Events", "Operate"];
    let mut used = BTreeSet::new();
    for section in sections() {
        for (language, lines) in blocks(&section) {
            let is_shell = ["sh", "bash", "shell", "console"].contains(&language.as_str());
            for line in lines.iter().filter(|_| is_shell) {
                let left_out = LEFT_OUT
                    .iter()
                    .position(|(of, begin, _)| section == *of && line.starts_with(begin));
                used.extend(left_out);
                assert!(
                    left_out.is_some() || run.contains(&section.as_str()),
                    "{section}: nothing runs {line}"
                );
            }
        }
    }
    for (index, entry) in LEFT_OUT.iter().enumerate() {
        assert!(used.contains(&index), "the README has no such line: {entry:?}");
    }
}
