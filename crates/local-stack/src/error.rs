//! Why the local stack could not be started.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use domain::system_error::why;

/// The local stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A port of its own choice, or a connection.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file or a folder.
    #[error("{} cannot be {what}: {}", path.display(), why(error))]
    File {
        /// Where it is.
        path: PathBuf,
        /// What was tried: `read`, `written`.
        what: &'static str,
        /// What the file system says.
        error: io::Error,
    },
    /// There is something else where the data folder is meant to be.
    #[error("{} is no folder", .0.display())]
    NotAFolder(PathBuf),
    /// The API's address.
    #[error("{address} cannot be listened on: {}", why(error))]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The database.
    #[error("the database failed: {0}")]
    Database(String),
    /// A file in the data folder is not what it should be.
    #[error("{} cannot be used: {why}; delete the folder to begin anew", file.display())]
    Data {
        /// Where it is.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The function's configuration, made from these parts.
    #[error(transparent)]
    Config(#[from] operation::config::ConfigError),
    /// The function's service.
    #[error(transparent)]
    Start(#[from] operation::engine::StartError),
    /// Sealing a session.
    #[error(transparent)]
    Seal(#[from] store::seal::SealError),
    /// A row that could not be written or read.
    #[error(transparent)]
    Store(#[from] store::table::StoreError),
    /// What an operator does.
    #[error(transparent)]
    Operator(#[from] operator::OperatorError),
    /// The template, which the table is made by.
    #[error(transparent)]
    Template(#[from] operator::schema::TemplateError),
}

impl StackError {
    /// For what was tried with the file or folder at `path`: `read`, `written`.
    pub(crate) fn file(path: &Path, what: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, what, error }
    }
}
