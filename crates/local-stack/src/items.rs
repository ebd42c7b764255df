//! Items as they stand in the table, for tests that look at them or forge them.
//! The code itself reads and writes its rows through `store`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use operation::config::Config;
use operation::engine::http_client;
use store::table::Corrupt;

use crate::StackError;

/// An item's attributes, as the SDK has them.
pub type Attributes = HashMap<String, AttributeValue>;

/// Typed access to an item's attributes.
#[derive(Clone, Copy)]
pub struct Item<'a>(pub &'a Attributes);

impl<'a> Item<'a> {
    /// A text, when it is there.
    pub fn optional_text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub fn text(self, name: &'static str) -> Result<&'a str, Corrupt> {
        self.optional_text(name).ok_or(Corrupt(name))
    }

    /// A number, when it is there.
    pub fn optional_number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// A number that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub fn number(self, name: &'static str) -> Result<u64, Corrupt> {
        self.optional_number(name).ok_or(Corrupt(name))
    }

    /// Bytes that have to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when they are not.
    pub fn binary(self, name: &'static str) -> Result<&'a [u8], Corrupt> {
        let bytes = self.0.get(name).and_then(|value| value.as_b().ok());
        bytes.map(AsRef::as_ref).ok_or(Corrupt(name))
    }

    /// A map that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub fn map(self, name: &'static str) -> Result<&'a Attributes, Corrupt> {
        self.0.get(name).and_then(|value| value.as_m().ok()).ok_or(Corrupt(name))
    }
}

/// A text attribute.
pub fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary attribute.
pub fn binary(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}

/// The items of one table.
pub(crate) struct Items {
    pub(crate) client: Client,
    table: String,
}

impl Items {
    /// Those of a configuration's table.
    pub(crate) fn new(config: &Config) -> Result<Self, StackError> {
        let http = http_client()?;
        let aws = &config.aws;
        let token = aws.session_token.as_ref().map(|token| token.to_string());
        let (id, secret) = (aws.access_key_id.as_str(), aws.secret_access_key.as_str());
        let mut sdk = Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(aws.region.clone()))
            .credentials_provider(Credentials::new(id, secret, token, None, "configuration"))
            .http_client(http);
        sdk.set_endpoint_url(aws.dynamodb.clone());
        Ok(Self { client: Client::from_conf(sdk.build()), table: config.table.clone() })
    }

    pub(crate) async fn get(&self, pk: &str, sk: &str) -> Result<Option<Attributes>, StackError> {
        let call = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(sk))
            .consistent_read(true);
        let output = call.send().await.map_err(|error| failed(&error))?;
        Ok(output.item)
    }

    pub(crate) async fn all(&self) -> Result<Vec<Attributes>, StackError> {
        let scan = self.client.scan().table_name(&self.table).consistent_read(true);
        let mut pages = scan.into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| failed(&error))?);
        }
        Ok(items)
    }

    pub(crate) async fn put(&self, item: Attributes) -> Result<(), StackError> {
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item));
        call.send().await.map(|_| ()).map_err(|error| failed(&error))
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> StackError {
    StackError::Database(format!("{}", DisplayErrorContext(error)))
}
