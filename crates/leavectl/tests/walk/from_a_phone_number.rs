//! From a phone number to a leave, in one shell.

use crate::readme::{Step, fits, steps};
use crate::shell::Reader;

const SECTION: &str = "From a phone number to a leave";

#[test]
fn a_stranger_gets_from_a_phone_number_to_a_leave_and_back() {
    let mut reader = Reader::new("from-a-phone-number");
    let mut shell = reader.shell("shell");
    let mut typed: Vec<(usize, Step)> = Vec::new();
    for step in steps(SECTION) {
        let number = shell.types(&reader.real(&step.command));
        // What a person has to read from the screen to go on: a code, a token.
        if step.command.contains("instance link") {
            let code = shell.sees(number, |line| line.len() == 9)[0].clone();
            reader.reads(&step.printed[0], &code);
        } else if step.command.contains("token issue") {
            let printed = shell.done(number);
            reader.reads("lg_5c0f…", &printed[0]);
            reader.reads(id(&step.printed[1]), id(&printed[1]));
        }
        typed.push((number, step));
    }
    let curls = typed.iter().filter(|(_, step)| step.command.starts_with("curl")).count();
    assert_eq!(curls, 2, "one that leaves, and one that is refused");
    for (number, Step { command, printed }) in typed {
        let mut out = shell.done(number);
        if command.ends_with('&') {
            // It says more while the next ones run.
            out.truncate(printed.len());
        }
        assert_eq!(printed.len(), out.len(), "{command}: {printed:#?} {out:#?}");
        for (shown, real) in printed.iter().zip(&out) {
            assert!(fits(&reader.real(shown), real), "{command}:\n{shown}\n{real}");
        }
    }
    let end = shell.types("kill %1; wait %1");
    shell.done(end);
}

/// The token's id, in what `token issue` says.
fn id(line: &str) -> &str {
    line.split([' ', '.', ',']).find(|word| word.starts_with("tok_")).unwrap()
}
