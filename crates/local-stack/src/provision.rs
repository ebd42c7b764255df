//! Accounts, tokens, instances and groups, put into the table as the function
//! expects them, with the function's own code.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use domain::clock::{Budget, Clock, SystemClock};
use domain::credentials::Credentials;
use domain::group::Group;
use domain::tenant::{AccountId, InstanceId};
use domain::token::Scope;
use domain::token::{Token, TokenHash};
use operation::config::Config;
use operator::{Operator, OperatorError, schema};
use store::rows::session::{NewSession, Session};
use store::rows::token::NewToken;
use store::rows::{data_key, device, group, session, token};
use store::seal::Sealing;
use store::session::Generation;
use store::table::{Action, Table};

use crate::error::StackError;
use crate::items::{Attributes, Items};

/// Longest time of one call.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes into one table. What an operator would do, [`Operator`] does; what tests
/// and a stack of its own need beyond that is here.
pub struct Provisioner {
    operator: Operator,
    items: Items,
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
        Ok(Self { operator, items: Items::new(config)?, data_key })
    }

    /// The SDK's client, for what this type does not do.
    pub fn client(&self) -> &Client {
        &self.items.client
    }

    fn store(&self) -> &Table {
        self.operator.table()
    }

    /// Writes what `store` makes of a row.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn write(&self, actions: Vec<Action>) -> Result<(), StackError> {
        let refused = || StackError::Database("a condition failed".to_owned());
        self.store().write(actions, PATIENCE).await?.map_err(|_| refused())
    }

    /// Makes the table as the template does, or of one that is there what it lacks.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn table(&self) -> Result<(), StackError> {
        self.operator.create_table(&schema::of_template()?).await?;
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
        let there = self.store().data_keys(Budget::of(PATIENCE)).await?;
        if there.iter().all(|key| key.id != self.data_key) {
            let keyring = &self.operator.engine().keyring;
            let new = keyring.new_data_key(&self.data_key, Budget::of(PATIENCE)).await?;
            self.write(vec![data_key::put(&new)]).await?;
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
        self.noted_token(token, account, scope, limit, None).await
    }

    /// The same, with what people recognise it by.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn noted_token(
        &self,
        token: &Token,
        account: &AccountId,
        scope: &Scope,
        limit: u64,
        note: Option<&str>,
    ) -> Result<(), StackError> {
        let hash = token.hash();
        // Looks as an issued one's does, and is the same after a restart.
        let id = format!("tok_{}", hash.prefix());
        let token = NewToken {
            hash,
            account,
            scope,
            limit,
            id: &id,
            note,
            issued: SystemClock::new().now(),
            valid_until: None,
        };
        self.write(vec![token::put(&token)]).await
    }

    /// Whether a token is in the table.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn knows_token(&self, hash: TokenHash) -> Result<bool, StackError> {
        Ok(self.store().has_token(hash, Budget::of(PATIENCE)).await?)
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
        let session = NewSession::Linked { credentials, sealed: &sealed, first_login: None };
        let now = SystemClock::new().now();
        self.write(vec![
            session::put(instance, &session, &Generation::new()?, now),
            device::put(&credentials.device, instance),
        ])
        .await
    }

    /// An instance that was never linked.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn never_linked(&self, instance: &InstanceId) -> Result<(), StackError> {
        let now = SystemClock::new().now();
        let session = session::put(instance, &NewSession::NeverLinked, &Generation::new()?, now);
        self.write(vec![session]).await
    }

    /// A group that the instance is in, as the roster has it without a subject.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn group(&self, instance: &InstanceId, group: &Group) -> Result<(), StackError> {
        self.synced_group(instance, group, None).await
    }

    /// The same with its subject, as a sync writes it.
    ///
    /// # Errors
    /// [`StackError`].
    pub(crate) async fn synced_group(
        &self,
        instance: &InstanceId,
        group: &Group,
        subject: Option<&str>,
    ) -> Result<(), StackError> {
        let session = self.store().session(instance, Budget::of(PATIENCE)).await?;
        let generation = session.as_ref().map(Session::generation).unwrap_or_default();
        self.write(vec![group::put(instance, group, subject, &generation)]).await
    }

    /// The credentials of an instance, opened.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn credentials(
        &self,
        instance: &InstanceId,
    ) -> Result<Option<Credentials>, StackError> {
        let session = self.store().session(instance, Budget::of(PATIENCE)).await?;
        let Some(sealed) = session.and_then(|session| session.sealed()) else { return Ok(None) };
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
        self.items.get(pk, sk).await
    }

    /// Every item of the table.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn items(&self) -> Result<Vec<Attributes>, StackError> {
        self.items.all().await
    }

    /// Writes an item as it is.
    ///
    /// # Errors
    /// [`StackError`].
    pub async fn put(&self, item: Attributes) -> Result<(), StackError> {
        self.items.put(item).await
    }
}
