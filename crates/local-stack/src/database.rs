//! DynamoDB's protocol on a loopback port, in memory or in a file, and the table in it.

use std::path::Path;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::StackError;

/// A running embedded database.
pub(crate) struct Embedded {
    url: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
}

impl Embedded {
    pub(crate) async fn start(file: Option<&Path>) -> Result<Self, StackError> {
        let database = match file {
            Some(file) => Database::new(&file.to_string_lossy()),
            None => Database::memory(),
        };
        let database = database.map_err(|error| StackError::Database(error.to_string()))?;
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

/// Creates the table, unless it is there.
pub(crate) async fn create_table(client: &Client, name: &str) -> Result<(), StackError> {
    let of = |error: &dyn std::fmt::Display| StackError::Database(error.to_string());
    if client.describe_table().table_name(name).send().await.is_ok() {
        return Ok(());
    }
    let mut call = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (attribute, key) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let definition = AttributeDefinition::builder()
            .attribute_name(attribute)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .map_err(|error| of(&error))?;
        let element = KeySchemaElement::builder()
            .attribute_name(attribute)
            .key_type(key)
            .build()
            .map_err(|error| of(&error))?;
        call = call.attribute_definitions(definition).key_schema(element);
    }
    call.send().await.map_err(|error| of(&aws_sdk_dynamodb::error::DisplayErrorContext(&error)))?;
    Ok(())
}
