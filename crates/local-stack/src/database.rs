//! DynamoDB's protocol on a loopback port, in memory or in a file.

use std::path::Path;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::StackError;
use crate::private_files;

/// A running embedded database.
pub(crate) struct Embedded {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Embedded {
    pub(crate) async fn start(file: Option<&Path>) -> Result<Self, StackError> {
        let database = match file {
            Some(file) => {
                keep(file).map_err(StackError::file(file, "written"))?;
                Database::new(&file.to_string_lossy()).map_err(|error| StackError::Data {
                    file: file.to_owned(),
                    why: error.to_string(),
                })?
            }
            None => Database::memory().map_err(|error| StackError::Database(error.to_string()))?,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            let _ = dynoxide::server::serve_with_shutdown(listener, database, until).await;
        });
        Ok(Self { url, stop: Some(stop), server })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets running requests finish, then closes the file.
    pub(crate) async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        // Idle keep-alive connections are closed; a stuck one must not hold us.
        let _ = tokio::time::timeout(std::time::Duration::from_secs(2), &mut self.server).await;
        self.server.abort();
    }
}

/// `SQLite` gives what it makes beside a database the database's own mode; what an
/// earlier run left there may have another.
fn keep(file: &Path) -> std::io::Result<()> {
    private_files::keep(file)?;
    for ending in ["-wal", "-shm"] {
        let mut beside = file.as_os_str().to_owned();
        beside.push(ending);
        let beside = Path::new(&beside);
        if beside.exists() {
            private_files::keep(beside)?;
        }
    }
    Ok(())
}
