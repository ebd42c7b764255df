//! How a command ends that did not do what was asked.

use std::path::{Path, PathBuf};

use domain::system_error::why;
use local_stack::StackError;
use operation::config::ConfigError;
use operation::engine::StartError;
use operator::OperatorError;
use operator::schema::TemplateError;

use crate::exit::Exit;
use crate::place::{self, Unset};

/// Refused or failed. [`Failure::exit`] tells scripts which.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was told already, as the result itself.
    #[error("told")]
    Told(Exit),
    /// The table, WhatsApp, or a rule.
    #[error("{0}{hint}", hint = place::hint(.0))]
    Operator(#[from] OperatorError),
    /// Variables that are needed are not set.
    #[error(transparent)]
    Unset(#[from] Unset),
    /// The environment.
    #[error("{0}\n{hint}", hint = place::STACK_HINT)]
    Config(#[from] ConfigError),
    /// AWS's default chain.
    #[error(
        "no AWS {what} found: {why}\nSet {variables}, or choose a profile: `AWS_PROFILE=NAME \
         leavectl …`, after `aws configure`"
    )]
    Aws {
        /// What is missing.
        what: &'static str,
        /// Why.
        why: String,
        /// What could be set.
        variables: &'static str,
    },
    /// The function's service.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The local stack.
    #[error(transparent)]
    Stack(#[from] StackError),
    /// The template that is compiled in.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The terminal, or what reads our output.
    #[error("{}", why(.0))]
    Io(#[from] std::io::Error),
    /// A file or a folder.
    #[error("{} cannot be {what}: {}", path.display(), why(error))]
    File {
        /// Which one.
        path: PathBuf,
        /// `read`, `written` or `made`.
        what: &'static str,
        /// Why not.
        error: std::io::Error,
    },
    /// A session of other software.
    #[error(transparent)]
    Import(#[from] session_import::error::ImportError),
    /// A device was not linked.
    #[error("{0}{hint}", hint = place::whatsapp_hint(.0.is_unreachable()))]
    Link(#[from] linking::LinkError),
    /// A rule of the tool's own.
    #[error("{0}")]
    Refused(String),
    /// It is not what was meant.
    #[error("{0}")]
    Meant(String),
    /// A rule of the tool's own, about what something else said first.
    #[error("{text}")]
    Because {
        /// What is told.
        text: String,
        /// As that ends.
        exit: Exit,
    },
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Told(exit) | Self::Because { exit, .. } => *exit,
            Self::Meant(_) => Exit::Usage,
            Self::Operator(error) if error.can_change() => Exit::TryAgain,
            Self::Link(error) if error.can_change() => Exit::TryAgain,
            Self::Operator(_)
            | Self::Unset(_)
            | Self::Config(_)
            | Self::Aws { .. }
            | Self::Start(_)
            | Self::Stack(_)
            | Self::Template(_)
            | Self::Io(_)
            | Self::File { .. }
            | Self::Import(_)
            | Self::Link(_)
            | Self::Refused(_) => Exit::Failed,
        }
    }

    /// With more words, and the exit code that it has.
    pub(crate) fn told_as(&self, text: String) -> Self {
        Self::Because { text, exit: self.exit() }
    }

    /// Why `path` cannot be what it is wanted for.
    pub(crate) fn file(path: &Path, what: &'static str, error: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), what, error }
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Io(error.into())
    }
}
