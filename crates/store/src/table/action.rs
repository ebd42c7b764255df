//! The parts of a transaction, with their conditions: built here and nowhere else.
//!
//! A row's own file says what is written on which condition; outside they are opaque.

#[cfg(feature = "operator")]
mod operators;

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update as Change,
};

use super::failure::StoreError;
use super::item::{Attributes, text};
use super::keys::Key;

/// Most actions of one transaction: DynamoDB takes 100.
pub const MOST_ACTIONS: usize = 100;
/// An update expression with its condition and values.
#[derive(Debug, Clone)]
pub(crate) struct Update {
    /// The update expression.
    pub(crate) expression: String,
    /// The condition expression.
    pub(crate) condition: String,
    /// Attribute names by their placeholders, `#…`.
    pub(crate) names: HashMap<String, String>,
    /// Values by their placeholders, `:…`.
    pub(crate) values: Attributes,
}

/// A condition with its names and values.
#[derive(Clone, Default)]
pub(crate) struct Condition {
    pub(crate) expression: String,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Condition {
    pub(crate) fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), ..Self::default() }
    }

    pub(crate) fn or(mut self, expression: &str) -> Self {
        self.expression = format!("{} OR {expression}", self.expression);
        self
    }

    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    pub(crate) fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    pub(crate) fn values(&self) -> Option<Attributes> {
        (!self.values.is_empty()).then(|| self.values.clone())
    }
}

/// One part of a write: a row's own file makes it. No text shows what is in it.
#[derive(Clone)]
pub struct Action {
    kind: Kind,
    condition: Option<Condition>,
    /// Whether a refusal tells the item that it saw.
    tells: bool,
}

#[derive(Clone)]
enum Kind {
    Put(Attributes),
    Change { key: Key, expression: String },
    Delete(Key),
    Check(Key),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Put(_) => "Put(…)",
            Kind::Change { .. } => "Change(…)",
            Kind::Delete(_) => "Delete(…)",
            Kind::Check(_) => "Check(…)",
        })
    }
}

impl Action {
    fn of(kind: Kind, condition: Option<Condition>) -> Self {
        Self { kind, tells: condition.is_some(), condition }
    }

    pub(crate) fn put(item: Attributes) -> Self {
        Self::of(Kind::Put(item), None)
    }

    pub(crate) fn put_if(item: Attributes, condition: Condition) -> Self {
        Self::of(Kind::Put(item), Some(condition))
    }

    /// An update of one item as a part of a transaction.
    pub(crate) fn update(key: Key, update: Update) -> Self {
        let Update { expression, condition, names, values } = update;
        let condition = Condition { expression: condition, names, values };
        Self::of(Kind::Change { key, expression }, Some(condition))
    }

    pub(crate) fn delete(key: Key) -> Self {
        Self::of(Kind::Delete(key), None)
    }

    /// Changes nothing, and fails when the condition does.
    pub(crate) fn check(key: Key, condition: Condition) -> Self {
        Self::of(Kind::Check(key), Some(condition))
    }

    /// The same; a refusal does not tell the item.
    pub(crate) fn untold(self) -> Self {
        Self { tells: false, ..self }
    }

    /// As the SDK has it, for `table`.
    pub(super) fn build(self, table: &str) -> Result<TransactWriteItem, StoreError> {
        let told = self.tells.then_some(ReturnValuesOnConditionCheckFailure::AllOld);
        let names = self.condition.as_ref().and_then(Condition::names);
        let values = self.condition.as_ref().and_then(Condition::values);
        let condition = self.condition.map(|condition| condition.expression);
        let action = TransactWriteItem::builder();
        let action = match self.kind {
            Kind::Put(item) => action.put(
                Put::builder()
                    .table_name(table)
                    .set_item(Some(item))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(told)
                    .build()
                    .map_err(|_| StoreError::NotBuilt)?,
            ),
            Kind::Change { key, expression } => action.update(
                Change::builder()
                    .table_name(table)
                    .set_key(Some(attributes(key)))
                    .update_expression(expression)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(told)
                    .build()
                    .map_err(|_| StoreError::NotBuilt)?,
            ),
            Kind::Delete(key) => action.delete(
                Delete::builder()
                    .table_name(table)
                    .set_key(Some(attributes(key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(told)
                    .build()
                    .map_err(|_| StoreError::NotBuilt)?,
            ),
            Kind::Check(key) => action.condition_check(
                ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(attributes(key)))
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(told)
                    .build()
                    .map_err(|_| StoreError::NotBuilt)?,
            ),
        };
        Ok(action.build())
    }
}

/// A key as the attributes that it is.
pub(crate) fn attributes(key: Key) -> Attributes {
    HashMap::from([("pk".to_owned(), text(key.pk)), ("sk".to_owned(), text(key.sk))])
}
