//! A QR code on a terminal.

use crate::pty::Pty;
use crate::rig::Rig;

/// How the first line of a code begins: its light edge.
const DRAWN: &str = "█████████████";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_fits_is_drawn_and_the_next_one_takes_its_place() {
    let rig = Rig::start().await;
    // 61 × 31 for the code, one for its caption, one for the cursor.
    let mut shown = Pty::of(&rig).size(80, 40).start("instance link acme new");
    let first = shown.until("code 1 of 6").await;
    assert!(first.contains(DRAWN) && !first.contains('\u{1b}'), "{first}");
    let height = first.matches('\n').count();
    shown.until("Link a device.\r\n").await;
    rig.simulator().refresh_registrations();
    let next = shown.until("code 1 of 6").await;
    assert!(next.starts_with(&format!("\u{1b}[{}A\r\u{1b}[J", height + 1)), "{next:?}");
    assert!(next.contains(DRAWN) && !next.contains("WhatsApp changed"), "{next}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_does_not_fit_says_what_it_needs_and_looks_again() {
    let rig = Rig::start().await;
    for (columns, lines) in [(60, 40), (80, 24)] {
        let mut shown = Pty::of(&rig).size(columns, lines).start("instance link acme new");
        let told = shown.until("--phone NUMBER.\r\n").await;
        assert!(!told.contains(DRAWN), "{told}");
        let sizes = format!("needs 61 columns × {} lines", if columns < 76 { 34 } else { 33 });
        let there = format!("this terminal has {columns} × {lines}");
        assert!(told.contains(&sizes) && told.contains(&there), "{told}");
        rig.simulator().refresh_registrations();
        // In place of what was told, which takes more lines where they are narrow.
        let again = shown.until("Code 1 of 6").await;
        assert!(again.starts_with("\u{1b}["), "{again:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_named_where_the_code_is_not_drawn() {
    let rig = Rig::start().await;
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("qr-not-drawn-{}.png", std::process::id()));
    let line = format!("instance link acme new --png {}", file.display());
    let mut shown = Pty::of(&rig).size(80, 24).start(&line);
    let told = shown.until("Link a device.").await.replace("\r\n", "");
    assert!(told.contains(&format!("Scan {} within", file.display())), "{told}");
    assert!(file.exists());
    shown.until("It is not drawn here").await;
    std::fs::remove_file(&file).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dumb_terminal_gets_one_code_below_the_other() {
    let rig = Rig::start().await;
    let pty = Pty::of(&rig).size(80, 40).with("TERM", "dumb");
    let mut shown = pty.start("instance link acme new");
    shown.until("code 1 of 6").await;
    rig.simulator().refresh_registrations();
    let next = shown.until("code 1 of 6").await;
    assert!(next.contains("WhatsApp changed the code") && next.contains(DRAWN), "{next}");
    assert!(!next.contains('\u{1b}'), "{next:?}");
}
