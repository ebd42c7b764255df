//! The pages name files and tests that are there.

use std::path::Path;

const PAGES: [&str; 4] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<(String, String)> {
    let of_docs = std::fs::read_dir(root().join("docs")).unwrap().map(|it| it.unwrap().path());
    let pages = PAGES.iter().map(|page| root().join(page)).chain(of_docs);
    let read = |path: std::path::PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    pages.filter(|path| path.extension().is_some_and(|it| it == "md")).map(read).collect()
}

/// What stands between back ticks and looks like a path of this repository.
fn paths(page: &str) -> impl Iterator<Item = &str> {
    let roots = ["src/", "crates/", "tests/", "docs/", "events/", "benches/", ".ci/", ".github/"];
    let quoted = page.split('`').skip(1).step_by(2);
    quoted.filter(move |text| {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
        is_plain && roots.iter().any(|root| text.starts_with(root))
    })
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut named = 0;
    for (page, text) in pages() {
        for path in paths(&text) {
            assert!(root().join(path).exists(), "{page} names {path}");
            named += 1;
        }
    }
    assert!(named > 60, "{named} paths");
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let mut links = 0;
    for (page, text) in pages() {
        let folder = if root().join("docs").join(&page).exists() { "docs" } else { "" };
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.contains(' ') {
                continue;
            }
            assert!(root().join(folder).join(file).exists(), "{page} links to {target}");
            links += 1;
        }
    }
    assert!(links > 40, "{links} links");
}
