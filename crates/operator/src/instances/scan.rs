//! Reading the whole table, consistently: what an index has follows by a moment.

use domain::tenant::AccountId;
use store::table::{Attributes, StoreError, text};

use crate::writes::Condition;
use crate::{Operator, OperatorError};

impl Operator {
    /// Every session of the table, read consistently; with `not_under`, those that
    /// are sealed with another data key.
    pub(crate) async fn all_sessions(
        &self,
        not_under: Option<&str>,
    ) -> Result<Vec<Attributes>, OperatorError> {
        let sessions = Condition::new("sk = :session").value(":session", text("SESSION"));
        self.scan(match not_under {
            None => sessions,
            Some(key_id) => sessions
                .and("attribute_exists(sealed) AND key_id <> :key")
                .value(":key", text(key_id)),
        })
        .await
    }

    /// What belongs to an account and has that sort key, read consistently. The index
    /// by account follows the table by a moment, so what ends something reads this.
    pub(crate) async fn scan_of(
        &self,
        account: &AccountId,
        sk: &str,
    ) -> Result<Vec<Attributes>, OperatorError> {
        let of_it = Condition::new("sk = :sk AND #account = :account")
            .name("#account", "account")
            .value(":sk", text(sk))
            .value(":account", text(account.as_str()));
        self.scan(of_it).await
    }

    async fn scan(&self, filter: Condition) -> Result<Vec<Attributes>, OperatorError> {
        let mut pages = self
            .table
            .client()
            .scan()
            .table_name(self.table.name())
            .consistent_read(true)
            .set_expression_attribute_names(filter.names())
            .set_expression_attribute_values(filter.values())
            .filter_expression(filter.expression)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(item.map_err(|error| StoreError::of(&error))?);
        }
        Ok(items)
    }
}
