//! Accounts, tokens, instances and groups, put into the table as the function
//! expects them, with the function's own code.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::DisplayErrorContext;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::{Budget, Clock, SystemClock};
use domain::credentials::Credentials;
use domain::group::Group;
use domain::tenant::{AccountId, InstanceId};
use domain::token::{Token, TokenHash};
use operation::config::Config;
use operator::schema::TableSchema;
use operator::{Operator, OperatorError};
use store::gate::{NewToken, Scope};
use store::seal::Sealed;
use store::seal::Sealing;
use store::session::{Generation, NewSession, device_claim, group_row, session_item};
use store::table::{Attributes, Item, keys};

use crate::error::StackError;

/// Longest time of one call.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes into one table. What an operator would do, [`Operator`] does; what tests
/// and a stack of its own need beyond that is here.
pub struct Provisioner {
    operator: Operator,
    data_key: String,
}

impl Provisioner {
    /// For the table and the sealing key of a configuration.
    ///
    /// # Errors
    /// [`StackError`].
    pub fn new(config: &Config) -> Result<Self, StackError> {
        let operator = Operator::new(config, Arc::new(SystemClock::new()))?;
        let name = match &config.sealing {
            Sealing::Key(key) => key.0.as_slice(),
            Sealing::Kms(key) => key.as_str().as_bytes(),
        };
        // Each sealing key has a data key of its own, so that stacks may share a table.
        let name = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, name);
        let named = ring::hmac::sign(&name, b"data key");
        let data_key = format!("local-{}", hex::encode(&named.as_ref()[..4]));
        Ok(Self { operator, data_key })
    }

    /// The SDK's client, for what this type does not do.
    pub fn client(&self) -> &Client {
        self.operator.table().client()
    }

    /// Makes the table as the template does, or of one that is there what it lacks.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn table(&self) -> Result<(), StackError> {
        self.operator.create_table(&TableSchema::of_template()?).await?;
        Ok(())
    }

    /// Makes sure that there is an account.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn account(&self, id: &AccountId) -> Result<(), StackError> {
        match self.operator.create_account(id, None).await {
            Ok(_) | Err(OperatorError::AccountExists(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes sure that there is a data key to seal with.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn data_key(&self) -> Result<(), StackError> {
        let key = keys::data_key(&self.data_key);
        if self.item(&key.pk, &key.sk).await?.is_none() {
            let keyring = &self.operator.engine().keyring;
            let new = keyring.new_data_key(&self.data_key, Budget::of(PATIENCE)).await?;
            self.put(new).await?;
            self.operator.adopt_key(&self.data_key, None).await?;
        }
        Ok(())
    }

    /// A token with its limit.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn token(
        &self,
        token: &Token,
        account: &AccountId,
        scope: &Scope,
        limit: u64,
    ) -> Result<(), StackError> {
        let hash = token.hash();
        let token = NewToken {
            hash,
            account,
            scope,
            limit,
            id: &hash.prefix(),
            note: None,
            issued: SystemClock::new().now(),
            valid_until: None,
        };
        self.put(token.item()).await
    }

    /// Whether a token is in the table.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn knows_token(&self, hash: TokenHash) -> Result<bool, StackError> {
        let key = keys::token(hash);
        Ok(self.item(&key.pk, &key.sk).await?.is_some())
    }

    /// An instance with its linked device.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn linked(
        &self,
        instance: &InstanceId,
        credentials: &Credentials,
    ) -> Result<(), StackError> {
        self.data_key().await?;
        let plain = credentials.to_bytes();
        let sealed = self
            .operator
            .engine()
            .keyring
            .seal(&plain, instance, &self.data_key, Budget::of(PATIENCE))
            .await?;
        let session = NewSession::Linked { credentials, sealed: &sealed };
        let item = session_item(instance, &session, &generation()?, SystemClock::new().now());
        self.put(item).await?;
        self.put(device_claim(&credentials.device, instance)).await
    }

    /// An instance that was never linked.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn never_linked(&self, instance: &InstanceId) -> Result<(), StackError> {
        let now = SystemClock::new().now();
        self.put(session_item(instance, &NewSession::NeverLinked, &generation()?, now)).await
    }

    /// A group that the instance is in, as the roster has it.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn group(&self, instance: &InstanceId, group: &Group) -> Result<(), StackError> {
        let key = keys::session(instance);
        let session = self.item(&key.pk, &key.sk).await?;
        let generation = session.map(|item| Generation::of(Item(&item))).unwrap_or_default();
        self.put(group_row(instance, group, &generation)).await
    }

    /// The credentials of an instance, opened.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn credentials(
        &self,
        instance: &InstanceId,
    ) -> Result<Option<Credentials>, StackError> {
        let key = keys::session(instance);
        let Some(item) = self.item(&key.pk, &key.sk).await? else { return Ok(None) };
        let item = Item(&item);
        let (Some(key_id), Ok(bytes)) = (item.optional_text("key_id"), item.binary("sealed"))
        else {
            return Ok(None);
        };
        let sealed = Sealed { key_id: key_id.to_owned(), bytes: bytes.to_vec() };
        let plain =
            self.operator.engine().keyring.open(&sealed, instance, Budget::of(PATIENCE)).await?;
        Credentials::from_bytes(&plain)
            .map(Some)
            .map_err(|error| StackError::Database(error.to_string()))
    }

    /// One item, as it stands.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn item(&self, pk: &str, sk: &str) -> Result<Option<Attributes>, StackError> {
        let call = self
            .client()
            .get_item()
            .table_name(self.operator.table().name())
            .key("pk", AttributeValue::S(pk.to_owned()))
            .key("sk", AttributeValue::S(sk.to_owned()))
            .consistent_read(true);
        let output = call.send().await.map_err(|error| failed(&error))?;
        Ok(output.item)
    }

    /// Every item of the table.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn items(&self) -> Result<Vec<Attributes>, StackError> {
        let mut pages = self
            .client()
            .scan()
            .table_name(self.operator.table().name())
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| failed(&error))?);
        }
        Ok(items)
    }

    /// Writes an item as it is.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn put(&self, item: Attributes) -> Result<(), StackError> {
        let call =
            self.client().put_item().table_name(self.operator.table().name()).set_item(Some(item));
        call.send().await.map(|_| ()).map_err(|error| failed(&error))
    }
}

fn generation() -> Result<Generation, StackError> {
    Generation::new().map_err(|error| failed(&error))
}

fn failed(error: &(dyn std::error::Error + 'static)) -> StackError {
    StackError::Database(format!("{}", DisplayErrorContext(error)))
}
