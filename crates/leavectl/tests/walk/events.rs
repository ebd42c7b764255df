//! The local stack for `cargo lambda`: its variables are there at once.

use crate::left_out;
use crate::readme::language;
use crate::shell::Reader;

#[test]
fn the_function_in_cargo_lambda_gets_the_stack_s_variables() {
    let reader = Reader::new("events");
    let mut shell = reader.shell("shell");
    let [block] = &language("Events", "sh")[..] else { panic!("more than one block") };
    let lines: Vec<_> = block.iter().filter(|line| !left_out::is("Events", line)).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    for line in lines {
        let number = shell.types(&reader.real(line));
        shell.done(number);
    }
    // In place of the function: what reads the same variables, and uses each.
    for command in ["leavectl doctor", "leavectl instance check --all"] {
        let number = shell.types(command);
        shell.done(number);
    }
    let end = shell.types("kill %1; wait %1");
    shell.done(end);
}
