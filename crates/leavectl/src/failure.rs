//! How a command ends that did not do what was asked.

use local_stack::StackError;
use operation::config::ConfigError;
use operation::engine::StartError;
use operator::OperatorError;
use operator::schema::TemplateError;

/// Refused or failed: exit code 1. What `clap` refuses is usage: exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// It was told already, as the result itself.
    #[error("told")]
    Told,
    /// The table, WhatsApp, or a rule.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// The environment.
    #[error(
        "{0}\nSet it as the function has it. For a stack on this machine: `leavectl up --data DIR`, \
         and here `eval \"$(leavectl env --data DIR)\"`"
    )]
    Config(#[from] ConfigError),
    /// AWS's default chain.
    #[error(
        "no AWS {what} found: {why}\nSet {variables}, or configure a profile with `aws configure`"
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
    /// A file, or the terminal.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A session of other software.
    #[error(transparent)]
    Import(#[from] session_import::error::ImportError),
    /// A device was not linked.
    #[error(transparent)]
    Link(#[from] linking::LinkError),
    /// A rule of the tool's own.
    #[error("{0}")]
    Refused(String),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Io(error.into())
    }
}
