//! The schema of a table that is there, as far as its engine tells it.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{
    BillingMode, KeySchemaElement, PointInTimeRecoveryStatus, SseStatus, TableDescription,
    TableStatus, TimeToLiveStatus,
};

use super::{Index, KeyPart};
use crate::table::StoreError;

/// A table that is there. `None` is what its engine does not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) is_active: bool,
    pub(super) billing: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) key: Vec<KeyPart>,
    pub(super) indexes: Vec<Index>,
    /// Indexes that are still being filled.
    pub(super) filling: bool,
    pub(super) ttl: Ttl,
    pub(super) recovery: Option<bool>,
    pub(super) encryption: Option<bool>,
    pub(super) deletion_protection: Option<bool>,
}

/// TTL of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ttl {
    /// Its engine does not tell.
    Untold,
    /// Off.
    Off,
    /// By this attribute.
    By(String),
}

/// Describes a table; `None` when there is none of that name.
pub(super) async fn describe(client: &Client, name: &str) -> Result<Option<Found>, StoreError> {
    let description = match client.describe_table().table_name(name).send().await {
        Ok(output) => output.table,
        Err(error) if is_missing(&error) => return Ok(None),
        Err(error) => return Err(StoreError::of(&error)),
    };
    let Some(table) = description else { return Ok(None) };
    let mut found = read(&table);
    let ttl = supported(client.describe_time_to_live().table_name(name).send().await)?;
    found.ttl = ttl.map_or(Ttl::Untold, |output| {
        let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
        output
            .time_to_live_description
            .filter(|ttl| ttl.time_to_live_status.as_ref().is_some_and(|it| on.contains(it)))
            .and_then(|ttl| ttl.attribute_name)
            .map_or(Ttl::Off, Ttl::By)
    });
    let backups = supported(client.describe_continuous_backups().table_name(name).send().await)?;
    found.recovery = backups.and_then(|output| {
        let recovery = output.continuous_backups_description?.point_in_time_recovery_description?;
        Some(recovery.point_in_time_recovery_status == Some(PointInTimeRecoveryStatus::Enabled))
    });
    Ok(Some(found))
}

fn read(table: &TableDescription) -> Found {
    let mut attributes: Vec<_> = table
        .attribute_definitions()
        .iter()
        .map(|definition| {
            (definition.attribute_name.clone(), definition.attribute_type.as_str().to_owned())
        })
        .collect();
    attributes.sort();
    let mut indexes: Vec<_> = table
        .global_secondary_indexes()
        .iter()
        .map(|index| {
            let projection = index.projection.as_ref();
            let mut included =
                projection.map(|it| it.non_key_attributes().to_vec()).unwrap_or_default();
            included.sort();
            Index {
                name: index.index_name.clone().unwrap_or_default(),
                key: key(index.key_schema()),
                projection: projection
                    .and_then(|it| it.projection_type.as_ref())
                    .map_or_else(String::new, |kind| kind.as_str().to_owned()),
                included,
            }
        })
        .collect();
    indexes.sort_by(|one, other| one.name.cmp(&other.name));
    let active = aws_sdk_dynamodb::types::IndexStatus::Active;
    Found {
        is_active: table.table_status == Some(TableStatus::Active),
        billing: table.billing_mode_summary.as_ref().map_or(
            // A table that was never on demand has no summary at all.
            Some(BillingMode::Provisioned.as_str().to_owned()),
            |summary| summary.billing_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        ),
        attributes,
        key: key(table.key_schema()),
        filling: table
            .global_secondary_indexes()
            .iter()
            .any(|index| index.index_status.as_ref().is_some_and(|status| *status != active)),
        indexes,
        ttl: Ttl::Untold,
        recovery: None,
        encryption: table.sse_description.as_ref().map(|sse| {
            matches!(
                sse.status,
                Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating)
            )
        }),
        deletion_protection: table.deletion_protection_enabled,
    }
}

fn key(schema: &[KeySchemaElement]) -> Vec<KeyPart> {
    schema
        .iter()
        .map(|part| KeyPart {
            attribute: part.attribute_name.clone(),
            role: part.key_type.as_str().to_owned(),
        })
        .collect()
}

fn is_missing<R>(error: &SdkError<DescribeTableError, R>) -> bool {
    error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception)
}

/// Error codes of a call that an engine does not have.
const NOT_HERE: [&str; 3] =
    ["UnknownOperationException", "UnsupportedOperationException", "NotImplemented"];

/// The answer; `None` when the engine does not have the call.
pub(super) fn supported<T, E: ProvideErrorMetadata, R>(
    answer: Result<T, SdkError<E, R>>,
) -> Result<Option<T>, StoreError> {
    match answer {
        Ok(output) => Ok(Some(output)),
        Err(error) => match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(code) if NOT_HERE.contains(&code) => Ok(None),
            _ => Err(StoreError::of(&error)),
        },
    }
}
