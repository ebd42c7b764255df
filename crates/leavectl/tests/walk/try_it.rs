//! The first thing that anybody types.

use crate::left_out;
use crate::readme::language;
use crate::shell::Reader;

#[test]
fn the_first_curl_line_leaves_and_says_so_and_the_second_time_there_is_nothing_to_leave() {
    let reader = Reader::new("try-it");
    let shown = language("Try it", "text");
    let lines = language("Try it", "sh").concat();
    let lines: Vec<_> = lines.iter().filter(|line| !left_out::is("Try it", line)).collect();
    let [line] = &lines[..] else { panic!("{lines:?}") };
    let mut up = reader.shell("up");
    let number = up.types(&reader.real(line));
    let printed = up.sees(number, |line| line == "Ctrl-C stops it.");
    let words = |lines: &[String]| -> Vec<String> {
        lines.iter().map(|line| line.split([' ', '/']).next().unwrap().to_owned()).collect()
    };
    assert_eq!(words(&printed), words(&shown[0]));

    let mut other = reader.shell("other");
    let curl = printed.iter().find(|line| line.starts_with("curl ")).unwrap();
    let curl = curl.replacen("curl ", "curl -si ", 1);
    for answer in &shown[1..] {
        let number = other.types(&curl);
        let said = other.done(number);
        assert_eq!(said.first(), answer.first());
        assert_eq!(said.last(), answer.last());
        for header in answer[1..].iter().filter_map(|line| line.split_once(": ")) {
            let is_it = |line: &&String| line.starts_with(&format!("{}: ", header.0));
            assert!(header.0.starts_with('{') || said.iter().any(|l| is_it(&l)), "{header:?}");
        }
    }
}
