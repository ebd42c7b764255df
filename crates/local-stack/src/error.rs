//! Why the local stack could not be started.

/// The local stack could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A port or a file.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The database.
    #[error("the database failed: {0}")]
    Database(String),
    /// A file in the data folder is not what it should be.
    #[error("{file} cannot be used: {why}; delete the folder to begin anew")]
    Data {
        /// Its name.
        file: &'static str,
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
