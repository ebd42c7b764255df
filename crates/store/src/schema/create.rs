//! Making the table, and what it lacks.

use std::time::Duration;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::update_continuous_backups::UpdateContinuousBackupsError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, OnDemandThroughput,
    PointInTimeRecoverySpecification, Projection, SseSpecification, TimeToLiveSpecification,
};

use super::found::{Found, Ttl, describe, supported};
use super::{Index, KeyPart, TableSchema};
use crate::table::{StoreError, Table};

/// Between two looks at a table that is being made.
const LOOK: Duration = Duration::from_millis(500);
/// Longest time until a table is there. An index of a large table fills for long.
const MADE_WITHIN: Duration = Duration::from_mins(30);

/// Longest time until a new table's backups can be switched on.
const BACKUPS_WITHIN: Duration = Duration::from_mins(2);

/// What became of a setting that has a call of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As the template has it, now or before.
    Set,
    /// This engine does not have it.
    NotHere,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Whether the table itself was made; otherwise it was there.
    pub table: bool,
    /// Indexes that were added to a table that was there.
    pub indexes: Vec<String>,
    /// TTL.
    pub ttl: Setting,
    /// Point-in-time recovery.
    pub recovery: Setting,
}

impl Table {
    /// Makes the table of `schema`, and of one that is there what it lacks:
    /// indexes, TTL, recovery. What it has otherwise is not changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create(&self, schema: &TableSchema) -> Result<Made, StoreError> {
        let (client, name) = (self.client(), self.name());
        let table = match describe(client, name).await? {
            Some(_) => false,
            None => self.make(schema).await?,
        };
        let mut found = self.made().await?;
        let mut indexes = Vec::new();
        for index in &schema.indexes {
            if found.indexes.iter().all(|there| there.name != index.name) {
                self.add_index(schema, index).await?;
                found = self.made().await?;
                indexes.push(index.name.clone());
            }
        }
        let ttl = self.set_ttl(schema, &found).await?;
        let recovery = self.set_recovery(schema, &found).await?;
        Ok(Made { table, indexes, ttl, recovery })
    }

    /// Whether it was made by this call: another may be as quick.
    async fn make(&self, schema: &TableSchema) -> Result<bool, StoreError> {
        let mut call = self
            .client()
            .create_table()
            .table_name(self.name())
            .billing_mode(BillingMode::from(schema.billing.as_str()))
            .set_attribute_definitions(Some(definitions(schema)?))
            .set_key_schema(Some(elements(&schema.key)?))
            .deletion_protection_enabled(schema.deletion_protection)
            .sse_specification(SseSpecification::builder().enabled(schema.encryption).build());
        if let Some((reads, writes)) = schema.most_units {
            let most = OnDemandThroughput::builder()
                .max_read_request_units(reads)
                .max_write_request_units(writes);
            call = call.on_demand_throughput(most.build());
        }
        for index in &schema.indexes {
            let index = GlobalSecondaryIndex::builder()
                .index_name(&index.name)
                .set_key_schema(Some(elements(&index.key)?))
                .projection(projection(index))
                .build()
                .map_err(not_built)?;
            call = call.global_secondary_indexes(index);
        }
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CreateTableError::is_resource_in_use_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of(&error)),
        }
    }

    async fn add_index(&self, schema: &TableSchema, index: &Index) -> Result<(), StoreError> {
        let action = CreateGlobalSecondaryIndexAction::builder()
            .index_name(&index.name)
            .set_key_schema(Some(elements(&index.key)?))
            .projection(projection(index))
            .build()
            .map_err(not_built)?;
        let update = GlobalSecondaryIndexUpdate::builder().create(action).build();
        // An update names the attributes of the index that it adds, and of the table's key.
        let named =
            |name: &String| schema.key.iter().chain(&index.key).any(|part| part.attribute == *name);
        let mut definitions = definitions(schema)?;
        definitions.retain(|definition| named(&definition.attribute_name));
        let call = self
            .client()
            .update_table()
            .table_name(self.name())
            .set_attribute_definitions(Some(definitions))
            .global_secondary_index_updates(update);
        call.send().await.map(|_| ()).map_err(|error| StoreError::of(&error))
    }

    /// Waits until the table and its indexes can be used.
    async fn made(&self) -> Result<Found, StoreError> {
        let waiting = async {
            loop {
                let found = describe(self.client(), self.name()).await?;
                match found {
                    Some(found) if found.is_active && !found.filling => return Ok(found),
                    _ => tokio::time::sleep(LOOK).await,
                }
            }
        };
        let waited = tokio::time::timeout(MADE_WITHIN, waiting).await;
        waited.unwrap_or(Err(StoreError::OutOfTime))
    }

    async fn set_ttl(&self, schema: &TableSchema, found: &Found) -> Result<Setting, StoreError> {
        let Some(attribute) = &schema.ttl else { return Ok(Setting::Set) };
        match &found.ttl {
            Ttl::By(there) if there == attribute => return Ok(Setting::Set),
            Ttl::Off | Ttl::By(_) => {}
            Ttl::Untold => return Ok(Setting::NotHere),
        }
        let specification = TimeToLiveSpecification::builder()
            .attribute_name(attribute)
            .enabled(true)
            .build()
            .map_err(not_built)?;
        let call = self
            .client()
            .update_time_to_live()
            .table_name(self.name())
            .time_to_live_specification(specification);
        Ok(supported(call.send().await)?.map_or(Setting::NotHere, |_| Setting::Set))
    }

    async fn set_recovery(
        &self,
        schema: &TableSchema,
        found: &Found,
    ) -> Result<Setting, StoreError> {
        match found.recovery {
            Some(on) if on == schema.recovery => return Ok(Setting::Set),
            Some(_) => {}
            None => return Ok(Setting::NotHere),
        }
        let specification = PointInTimeRecoverySpecification::builder()
            .point_in_time_recovery_enabled(schema.recovery)
            .build()
            .map_err(not_built)?;
        let call = self
            .client()
            .update_continuous_backups()
            .table_name(self.name())
            .point_in_time_recovery_specification(specification);
        // A table that was just made has no backups to recover from for a while.
        let patience = tokio::time::Instant::now() + BACKUPS_WITHIN;
        loop {
            let answer = call.clone().send().await;
            let is_early = answer.as_ref().is_err_and(|error| {
                error.as_service_error().is_some_and(
                    UpdateContinuousBackupsError::is_continuous_backups_unavailable_exception,
                )
            });
            if is_early && tokio::time::Instant::now() < patience {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            return Ok(supported(answer)?.map_or(Setting::NotHere, |_| Setting::Set));
        }
    }
}

fn definitions(schema: &TableSchema) -> Result<Vec<AttributeDefinition>, StoreError> {
    schema
        .attributes
        .iter()
        .map(|(name, kind)| {
            AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(kind.as_str().into())
                .build()
                .map_err(not_built)
        })
        .collect()
}

fn elements(key: &[KeyPart]) -> Result<Vec<KeySchemaElement>, StoreError> {
    key.iter()
        .map(|part| {
            KeySchemaElement::builder()
                .attribute_name(&part.attribute)
                .key_type(part.role.as_str().into())
                .build()
                .map_err(not_built)
        })
        .collect()
}

fn projection(index: &Index) -> Projection {
    let included = (!index.included.is_empty()).then(|| index.included.clone());
    Projection::builder()
        .projection_type(index.projection.as_str().into())
        .set_non_key_attributes(included)
        .build()
}

fn not_built(_: BuildError) -> StoreError {
    StoreError::NotBuilt
}
