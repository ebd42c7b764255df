//! What a run came to, as its caller sees it and as its line says.

use serde_json::Value;

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// One result for each identifier, and over HTTP the whole of it.
    Told(Told),
    /// The invocation failed.
    Failed(String),
    Crashed,
    /// It took longer than it had.
    Killed,
}

/// Results.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    pub(crate) statuses: Vec<u16>,
    pub(crate) messages: Vec<String>,
    /// `groupJid` of each.
    pub(crate) jids: Vec<Option<String>>,
    /// `Retry-After` of each, in seconds.
    pub(crate) waits: Vec<Option<u64>>,
    pub(crate) body: String,
    pub(crate) replayed: bool,
    /// `X-RateLimit-…`.
    pub(crate) window: Option<Window>,
    /// What the line calls each outcome.
    pub(crate) names: Vec<String>,
}

/// What an answer says of its token's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// When it ends, in seconds of the Unix epoch.
    pub(crate) reset: u64,
}

impl Answer {
    /// Of a reply to HTTP or to a command.
    pub(crate) fn read(reply: &str) -> Self {
        let reply: Value = serde_json::from_str(reply).unwrap_or_default();
        let jid = |it: &Value| it["groupJid"].as_str().map(str::to_owned);
        if let Some(results) = reply["results"].as_array() {
            let text = |it: &Value| it["message"].as_str().unwrap_or_default().to_owned();
            let status = |it: &Value| u16::try_from(it["status"].as_u64().unwrap_or_default());
            return Self::Told(Told {
                statuses: results.iter().map(|it| status(it).unwrap_or_default()).collect(),
                messages: results.iter().map(text).collect(),
                jids: results.iter().map(jid).collect(),
                waits: results.iter().map(|it| it["retryAfter"].as_u64()).collect(),
                ..Told::default()
            });
        }
        let body = reply["body"].as_str().unwrap_or_default().to_owned();
        let parsed: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = parsed["error"]["message"].as_str().or(parsed["message"].as_str());
        let status = reply["statusCode"].as_u64().and_then(|it| u16::try_from(it).ok());
        let headers = &reply["headers"];
        let number = |name: &str| headers[name].as_str().and_then(|it| it.parse::<u64>().ok());
        let window = || {
            Some(Window {
                limit: number("x-ratelimit-limit")?,
                remaining: number("x-ratelimit-remaining")?,
                reset: number("x-ratelimit-reset")?,
            })
        };
        Self::Told(Told {
            statuses: vec![status.unwrap_or_default()],
            messages: vec![message.unwrap_or_default().to_owned()],
            jids: vec![jid(&parsed)],
            waits: vec![number("retry-after")],
            window: window(),
            replayed: headers["idempotent-replayed"] == "true",
            body,
            names: Vec::new(),
        })
    }

    /// The same, with what its line calls the outcomes.
    pub(crate) fn named(self, names: Vec<String>) -> Self {
        match self {
            Self::Told(told) => Self::Told(Told { names, ..told }),
            other => other,
        }
    }

    pub(crate) fn told(&self) -> Option<&Told> {
        match self {
            Self::Told(told) => Some(told),
            Self::Failed(_) | Self::Crashed | Self::Killed => None,
        }
    }
}
