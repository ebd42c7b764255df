//! Every form of an identifier, and what is none.

use domain::identifier::{Identifier, IdentifierError};
use proptest::prelude::*;

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, Shape, success};

fn jid(text: &str) -> Identifier {
    Identifier::Jid(text.parse().unwrap())
}

fn code(text: &str) -> Identifier {
    Identifier::Invite(domain::identifier::InviteCode::parse(text).unwrap())
}

#[test]
fn every_form_is_understood() {
    let longest = "A".repeat(64);
    let cases = [
        ("120363406289005073@g.us", jid("120363406289005073@g.us")),
        ("120363406289005073", jid("120363406289005073@g.us")),
        ("5511999990000-1600000000@g.us", jid("5511999990000-1600000000@g.us")),
        ("5511999990000-1600000000", jid("5511999990000-1600000000@g.us")),
        ("  120363406289005073@g.us\n", jid("120363406289005073@g.us")),
        ("ABC123XYZ", code("ABC123XYZ")),
        ("a_b-cd", code("a_b-cd")),
        ("12-34-56", code("12-34-56")),
        ("------", code("------")),
        ("123", jid("123@g.us")),
        (longest.as_str(), code(&longest)),
        // The words are words alone, and of one spelling.
        ("Undefined", code("Undefined")),
        ("undefined1", code("undefined1")),
        // What a messenger puts around a copied link.
        ("\u{200e}https://chat.whatsapp.com/ABC123XYZ\u{200e}", code("ABC123XYZ")),
        ("\u{feff}120363406289005073@g.us\u{200b}", jid("120363406289005073@g.us")),
        ("\u{2060} \u{200b}\tABC123XYZ \u{2066}\u{2069}\n", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/ABC123XYZ", code("ABC123XYZ")),
        ("http://chat.whatsapp.com/ABC123XYZ", code("ABC123XYZ")),
        ("HTTPS://Chat.WhatsApp.COM/ABC123XYZ", code("ABC123XYZ")),
        ("chat.whatsapp.com/ABC123XYZ", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/invite/ABC123XYZ", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/ABC123XYZ/", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/ABC123XYZ?mode=ems_copy_t", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/ABC123XYZ/?mode=x#top", code("ABC123XYZ")),
        ("https://chat.whatsapp.com/ABC123XYZ#https://evil.example", code("ABC123XYZ")),
        ("whatsapp://chat?code=ABC123XYZ", code("ABC123XYZ")),
        ("whatsapp://chat/?code=ABC123XYZ", code("ABC123XYZ")),
        ("https://web.whatsapp.com/accept?code=ABC123XYZ", code("ABC123XYZ")),
        ("https://web.whatsapp.com/accept?x=1&code=ABC123XYZ#y", code("ABC123XYZ")),
        // In a link it is a code, whatever it looks like.
        ("https://chat.whatsapp.com/123456", code("123456")),
    ];
    for (text, expected) in cases {
        assert_eq!(Identifier::parse(text), Ok(expected), "{text:?}");
    }
}

#[test]
fn everything_else_is_refused() {
    let long = format!("https://chat.whatsapp.com/ABC123XYZ?{}", "x".repeat(477));
    let too_long = "A".repeat(65);
    assert!(Identifier::parse(&long[..512]).is_ok() && long.len() == 513);
    let cases = [
        "5511999990001@s.whatsapp.net",
        "123@lid",
        "120363@newsletter",
        "status@broadcast",
        "120363406289005073@g.us.evil.example",
        "120363406289005073@G.US",
        "@g.us",
        "-1@g.us",
        "1-2-3@g.us",
        "abc@g.us",
        "-",
        "a_b-c",
        "https://chat.whatsapp.com/ABC12",
        "undefined",
        "null",
        "NaN",
        "None",
        "\u{200e}undefined ",
        "https://chat.whatsapp.com/undefined",
        "whatsapp://chat?code=undefined",
        too_long.as_str(),
        "120363\u{200b}406289005073@g.us",
        "ABC\u{200e}123XYZ",
        "ABC 123",
        "ABC\u{0}123",
        "ABC\"123",
        "ÄBC",
        "https://chat.whatsapp.com/",
        "https://chat.whatsapp.com/invite/",
        "https://chat.whatsapp.com/a/b",
        "https://chat.whatsapp.com.evil.example/ABC123XYZ",
        "https://evilchat.whatsapp.com/ABC123XYZ",
        "https://whatsapp.com/ABC123XYZ",
        "https://user@chat.whatsapp.com/ABC123XYZ",
        "https://chat.whatsapp.com@evil.example/ABC123XYZ",
        "https://chat.whatsapp.com:443/ABC123XYZ",
        "https://evil.example/chat.whatsapp.com/ABC123XYZ",
        "https://evil.example?x=chat.whatsapp.com/ABC123XYZ",
        "https://chat.whatsapp.com?code=ABC123XYZ",
        "https://chat.whatsapp.com\\.evil.example/ABC123XYZ",
        "ftp://chat.whatsapp.com/ABC123XYZ",
        "whatsapp://chat.whatsapp.com/ABC123XYZ",
        "whatsapp://chat",
        "whatsapp://chat?code=A&code=B",
        "whatsapp://send?code=ABC123XYZ",
        "https://web.whatsapp.com/ABC123XYZ",
        "https://web.whatsapp.com/accept",
        "://chat.whatsapp.com/ABC123XYZ",
        "//chat.whatsapp.com/ABC123XYZ",
        long.as_str(),
    ];
    for text in cases {
        assert_eq!(Identifier::parse(text), Err(IdentifierError::Invalid), "{text:?}");
    }
    for text in ["", " ", "\t\r\n", "\u{a0}", "\u{200e}", " \u{feff}\u{2060} \u{200b}"] {
        assert_eq!(Identifier::parse(text), Err(IdentifierError::Blank), "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_at_all_is_parsed_without_a_panic(text in any::<String>()) {
        if let Ok(identifier) = Identifier::parse(&text) {
            // What is accepted names one thing, and names it again.
            prop_assert_eq!(Identifier::parse(&identifier.to_string()).is_ok(), true);
        }
    }

    #[test]
    fn another_host_is_never_accepted(
        scheme in prop::sample::select(vec!["https://", "http://", "", "whatsapp://"]),
        host in "[a-zA-Z0-9.@:-]{0,24}",
        tail in prop::sample::select(vec!["", ".chat.whatsapp.com", "chat.whatsapp.com", "@chat.whatsapp.com", ".evil.example", ":80"]),
        code in "[A-Za-z0-9_-]{1,24}",
    ) {
        let whole = format!("{host}{tail}");
        let known = ["chat.whatsapp.com", "web.whatsapp.com"];
        prop_assume!(!known.contains(&whole.to_ascii_lowercase().as_str()));
        prop_assume!(!(scheme == "whatsapp://" && whole.eq_ignore_ascii_case("chat")));
        for form in [format!("{scheme}{whole}/{code}"), format!("{scheme}{whole}/accept?code={code}")] {
            let parsed = Identifier::parse(&form);
            prop_assert!(parsed.is_err(), "{}", form);
        }
    }

    #[test]
    fn accepted_forms_of_one_code_are_the_same(code in "[A-Za-z0-9_-]{6,64}", query in "[a-z=&]{0,12}") {
        let linked = Identifier::parse(&format!("https://chat.whatsapp.com/{code}?{query}"));
        for form in [
            format!("chat.whatsapp.com/{code}/"),
            format!("http://chat.whatsapp.com/invite/{code}#x"),
            format!("whatsapp://chat?code={code}"),
            format!("https://web.whatsapp.com/accept?code={code}"),
        ] {
            if code != "invite" {
                prop_assert_eq!(&Identifier::parse(&form), &linked, "{}", form);
            }
        }
    }

    #[test]
    fn a_code_has_6_to_64_characters_in_every_form(code in "[A-Za-z_-]{1,80}") {
        let expected = (6..=64).contains(&code.len());
        for form in [
            code.clone(),
            format!("https://chat.whatsapp.com/{code}"),
            format!("https://web.whatsapp.com/accept?code={code}"),
        ] {
            if !["invite", "undefined"].contains(&code.as_str()) {
                prop_assert_eq!(Identifier::parse(&form).is_ok(), expected, "{}", form);
            }
        }
    }

    #[test]
    fn what_nobody_sees_around_an_identifier_changes_nothing(
        before in "[ \t\u{a0}\u{ad}\u{200b}-\u{200f}\u{202a}-\u{202e}\u{2060}-\u{2064}\u{feff}]{0,6}",
        text in prop::sample::select(vec!["ABC123XYZ", GROUP, "https://chat.whatsapp.com/ABC123XYZ", "", "?"]),
        after in "[ \n\u{2066}-\u{206f}\u{feff}\u{e0001}\u{e0020}-\u{e007f}]{0,6}",
    ) {
        prop_assert_eq!(Identifier::parse(&format!("{before}{text}{after}")), Identifier::parse(text));
    }

    #[test]
    fn a_jid_round_trips_with_and_without_its_server(first in "[0-9]{1,18}", second in prop::option::of("[0-9]{1,10}")) {
        let user = second.map_or_else(|| first.clone(), |second| format!("{first}-{second}"));
        let whole = format!("{user}@g.us");
        let parsed = Identifier::parse(&user);
        prop_assert_eq!(&parsed, &Identifier::parse(&whole));
        prop_assert_eq!(parsed.unwrap().to_string(), whole);
    }
}

#[tokio::test]
async fn both_examples_of_the_api_page_leave_the_group() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for identifier in [GROUP, "https://chat.whatsapp.com/ABC123XYZ"] {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        let request = Request::leave(ACCOUNT_TOKEN, "sales", identifier);
        let reply = process.send(&request, Shape::HttpApi).await;
        assert_eq!((reply.status, reply.body), (200, success(GROUP)));
    }
}
