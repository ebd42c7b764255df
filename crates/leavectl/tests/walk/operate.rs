//! What an operator does, from the first line to the last.

use crate::left_out;
use crate::readme::language;
use crate::shell::Reader;

#[test]
fn an_operator_s_commands_do_what_they_are_there_for() {
    let mut reader = Reader::new("operate");
    let (mut one, mut another) = (reader.shell("one"), reader.shell("another"));
    let [block] = &language("Operate", "sh")[..] else { panic!("more than one block") };
    let mut ended = 0;
    for line in block.iter().filter(|line| !left_out::is("Operate", line)) {
        let command = reader.real(line);
        if line.contains("# in one terminal") {
            one.types(&command);
            continue;
        }
        let number = another.types(&command);
        if line.contains("token issue") {
            // A person reads the id from the screen.
            let printed = another.done(number);
            let mut words = printed[1].split([' ', '.', ',']);
            reader.reads("tok_k3b", words.find(|word| word.starts_with("tok_")).unwrap());
        }
        if line.contains("--dry-run") {
            assert_eq!(another.done(number), language("Operate", "text")[0]);
        }
        ended = number;
    }
    for number in 0..=ended {
        another.done(number);
    }
}
