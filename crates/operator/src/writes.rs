//! Actions of a transaction, with their conditions.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use domain::tenant::{InstanceId, InstanceName};
use ring::rand::{SecureRandom, SystemRandom};
use store::session::Generation;
use store::table::{Attributes, Cancelled, Item, StoreError, keys::Key, text};

use crate::{Operator, OperatorError, patience};

/// Actions of one transaction. `DynamoDB` takes 100.
pub(crate) const MOST_ACTIONS: usize = 100;
/// How often a write is asked for whose reply is lost. Each time the SDK tries thrice.
const ROUNDS: usize = 3;

/// A condition with its names and values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Condition {
    pub(crate) expression: String,
    names: HashMap<String, String>,
    values: Attributes,
}

impl Condition {
    pub(crate) fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), ..Self::default() }
    }

    pub(crate) fn is_new() -> Self {
        Self::new("attribute_not_exists(pk)")
    }

    pub(crate) fn exists() -> Self {
        Self::new("attribute_exists(pk)")
    }

    /// The account is there, and nobody is deleting it.
    pub(crate) fn is_open_account() -> Self {
        Self::new("attribute_exists(pk) AND attribute_not_exists(closing)")
    }

    /// The item is nobody's, or `instance`'s.
    pub(crate) fn is_nobodys_or(instance: &InstanceId) -> Self {
        Self::new("attribute_not_exists(pk) OR (#account = :account AND #instance = :instance)")
            .name("#account", "account")
            .name("#instance", "instance")
            .value(":account", text(instance.account.as_str()))
            .value(":instance", text(instance.name.as_str()))
    }

    pub(crate) fn and(mut self, expression: &str) -> Self {
        self.expression = format!("({}) AND ({expression})", self.expression);
        self
    }

    pub(crate) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }

    pub(crate) fn value(
        mut self,
        placeholder: &str,
        value: aws_sdk_dynamodb::types::AttributeValue,
    ) -> Self {
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

fn not_built() -> StoreError {
    StoreError::Refused("the call could not be built".to_owned())
}

fn key_of(key: Key) -> Attributes {
    HashMap::from([("pk".to_owned(), text(key.pk)), ("sk".to_owned(), text(key.sk))])
}

impl Operator {
    pub(crate) fn put(
        &self,
        item: Attributes,
        condition: Option<&Condition>,
    ) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(self.table.name())
            .set_item(Some(item))
            .set_condition_expression(condition.map(|condition| condition.expression.clone()))
            .set_expression_attribute_names(condition.and_then(Condition::names))
            .set_expression_attribute_values(condition.and_then(Condition::values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| not_built())?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    pub(crate) fn change(
        &self,
        key: Key,
        expression: &str,
        condition: &Condition,
    ) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(self.table.name())
            .set_key(Some(key_of(key)))
            .update_expression(expression)
            .condition_expression(&condition.expression)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| not_built())?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    pub(crate) fn delete(
        &self,
        key: Key,
        condition: Option<&Condition>,
    ) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(self.table.name())
            .set_key(Some(key_of(key)))
            .set_condition_expression(condition.map(|condition| condition.expression.clone()))
            .set_expression_attribute_names(condition.and_then(Condition::names))
            .set_expression_attribute_values(condition.and_then(Condition::values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| not_built())?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    pub(crate) fn check(
        &self,
        key: Key,
        condition: &Condition,
    ) -> Result<TransactWriteItem, StoreError> {
        let check = ConditionCheck::builder()
            .table_name(self.table.name())
            .set_key(Some(key_of(key)))
            .condition_expression(&condition.expression)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| not_built())?;
        Ok(TransactWriteItem::builder().condition_check(check).build())
    }

    /// All of `actions`, or the place of the first whose condition failed, with
    /// the item that it saw. Where no reply comes, the same write is asked for again:
    /// by its token it is done once, and told as it was.
    ///
    /// # Errors
    /// The table's. With [`OperatorError::leaves_open`] it may have been written.
    pub(crate) async fn write(
        &self,
        actions: Vec<TransactWriteItem>,
    ) -> Result<Result<(), Refused>, OperatorError> {
        let token = hex::encode(random::<16>()?);
        let mut round = 1;
        loop {
            let written = self.table.transact(&token, actions.clone(), patience()).await;
            match written.map_err(OperatorError::from) {
                Ok(Ok(())) => return Ok(Ok(())),
                Ok(Err(Cancelled::Condition { action, item })) => {
                    return Ok(Err(Refused { action, item: item.map(|item| *item) }));
                }
                Ok(Err(cancelled)) => {
                    return Err(StoreError::Unavailable(format!("{cancelled:?}")).into());
                }
                Err(error) if error.leaves_open() && round < ROUNDS => round += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Deletes one item, on condition. Whether it was still to be deleted.
    ///
    /// # Errors
    /// The table's. Asking again does no harm.
    pub(crate) async fn delete_if(
        &self,
        key: &Key,
        condition: &Condition,
    ) -> Result<bool, OperatorError> {
        let call = self
            .table
            .client()
            .delete_item()
            .table_name(self.table.name())
            .set_key(Some(key_of(key.clone())))
            .condition_expression(&condition.expression)
            .set_expression_attribute_names(condition.names())
            .set_expression_attribute_values(condition.values());
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(&error).into()),
        }
    }

    /// Deletes `keys`, a transaction's worth at a time.
    pub(crate) async fn delete_all(&self, keys: Vec<Key>) -> Result<(), OperatorError> {
        for chunk in keys.chunks(MOST_ACTIONS) {
            let actions: Vec<_> =
                chunk.iter().map(|key| self.delete(key.clone(), None)).collect::<Result<_, _>>()?;
            // Without a condition nothing can be refused.
            let _ = self.write(actions).await?;
        }
        Ok(())
    }
}

/// A condition that failed.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The action's place in the transaction.
    pub(crate) action: usize,
    /// The item that the condition saw; `None` when there was none.
    pub(crate) item: Option<Attributes>,
}

/// The generation of a session, or of what belongs to it.
pub(crate) fn generation(item: &Attributes) -> Generation {
    Generation::of(Item(item))
}

/// It is there, and of that generation.
pub(crate) fn is_of(generation: &Generation) -> Condition {
    let (expression, values) = generation.is_of_it();
    let condition = Condition::new("attribute_exists(pk)").and(expression);
    values.into_iter().fold(condition, |condition, (name, value)| condition.value(&name, value))
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| StoreError::Refused("no randomness".to_owned()))?;
    Ok(bytes)
}

/// Whose item this is.
pub(crate) fn owner(item: &Attributes) -> Result<InstanceId, OperatorError> {
    use store::table::Corrupt;
    let item = Item(item);
    Ok(InstanceId {
        account: item.text("account")?.parse().map_err(|_| Corrupt("account"))?,
        name: InstanceName::of_stored(item.text("instance")?).map_err(|_| Corrupt("instance"))?,
    })
}

/// The key of an item that was read.
pub(crate) fn key(item: &Attributes) -> Result<Key, OperatorError> {
    let item = Item(item);
    Ok(Key { pk: item.text("pk")?.to_owned(), sk: item.text("sk")?.to_owned() })
}
