//! `leavectl version refresh`: the version of WhatsApp Web as its page has it.

use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use domain::client_version::ClientVersion;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use operation::engine::StartError;
use whatsapp::tls_config;

use super::SOON;
pub(crate) use super::set::Printed;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::{place, progress};

/// WhatsApp Web's service worker, which names its own revision. Source: what open
/// libraries read it from (Baileys, `fetchLatestWaWebVersion`).
const PAGE: &str = "https://web.whatsapp.com/sw.js";
/// A page without a browser's name is not given.
const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";
/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(15);
/// Largest page that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// The part of a version that does not change with a revision.
const MAJOR: [u32; 2] = [2, 3000];

/// Set the version that WhatsApp Web itself has now
#[derive(Args)]
#[command(after_help = "Example:\n  leavectl version refresh")]
pub(crate) struct Refresh {
    /// Read it from another address
    #[arg(long, value_name = "URL", default_value = PAGE)]
    from: Uri,
    #[command(flatten)]
    format: Format,
}

impl Refresh {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let fetching = tokio::time::timeout(PATIENCE, page(&self.from));
        let fetched = progress::during("Asking WhatsApp Web for its version", fetching).await;
        let page = fetched.unwrap_or_else(|_| Err(Unread::for_now("no answer in time".to_owned()))).map_err(|why| {
            let Unread { why, exit } = why;
            let text = format!(
                "{} cannot be read ({why}), and nothing was changed; without a network to it, read \
                 the version elsewhere and set it: `leavectl version set 2.3000.N`",
                self.from
            );
            Failure::Because { text, exit }
        })?;
        let revision = revision(&page).ok_or_else(|| {
            Failure::Refused(format!(
                "{} names no client_revision, and nothing was changed; set the version by hand: \
                 `leavectl version set 2.3000.N`",
                self.from
            ))
        })?;
        let version = ClientVersion([MAJOR[0], MAJOR[1], revision]);
        let shown = operator.shown_version().await?.version();
        let printed = Printed { version: version.to_string(), previous: shown.to_string() };
        if shown == version {
            let text = format!("{version} is WhatsApp Web's version, and is shown already.");
            return self.format.show(&printed, &text);
        }
        operator.set_version(version).await?;
        self.format.show(&printed, &format!("{version} is set, in place of {shown}. {SOON}"))
    }
}

/// Why the page was not read.
struct Unread {
    why: String,
    exit: Exit,
}

impl Unread {
    fn for_now(why: String) -> Self {
        Self { why, exit: Exit::TryAgain }
    }

    fn for_good(why: String) -> Self {
        Self { why, exit: Exit::Failed }
    }
}

async fn page(address: &Uri) -> Result<String, Unread> {
    let tls = tls_config()
        .map_err(StartError::from)
        .map_err(|error| Unread::for_good(error.to_string()))?;
    let https =
        HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
    let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(https);
    let request = Request::get(address.clone())
        .header(USER_AGENT, HeaderValue::from_static(BROWSER))
        .header("sec-fetch-site", HeaderValue::from_static("none"))
        .body(Empty::new())
        .map_err(|error| Unread::for_good(error.to_string()))?;
    let answer = client.request(request).await.map_err(|error| Unread::for_now(told(&error)))?;
    let status = answer.status();
    if status.is_server_error() {
        return Err(Unread::for_now(status.to_string()));
    }
    if !status.is_success() {
        return Err(Unread::for_good(status.to_string()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let bytes = body.map_err(|error| Unread::for_now(error.to_string()))?.to_bytes();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// With its causes: "client error" alone helps nobody.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// The number after `client_revision`, however its quotes are escaped.
fn revision(page: &str) -> Option<u32> {
    let (_, rest) = page.split_once("client_revision")?;
    let rest = rest.trim_start_matches(['\\', '"', ':', ' ']);
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::revision;

    #[test]
    fn a_revision_is_found_however_it_is_quoted() {
        for (page, found) in [
            (r#"{"client_revision":1042742319,"x":1}"#, Some(1_042_742_319)),
            (r#"\"client_revision\": 1042742319,"#, Some(1_042_742_319)),
            (r#""client_revision":"#, None),
            (r#""client_revision":99999999999"#, None),
            ("<html>", None),
        ] {
            assert_eq!(revision(page), found, "{page}");
        }
    }
}
