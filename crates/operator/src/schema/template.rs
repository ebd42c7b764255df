//! Reading the `Table` resource of the template. Every property has to be known: a
//! table that leaves one out would not be the template's.

use saphyr::{LoadableYamlNode, Yaml};
use store::schema::{Index, KeyPart, TableSchema};

/// The template's table cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is no YAML.
    #[error("the template is no YAML: {0}")]
    Yaml(String),
    /// A property is missing, or of another form.
    #[error("the template's table has no readable {0}")]
    Missing(&'static str),
    /// A property that is not read here.
    #[error("the template's table has {0}, which `leavectl` does not know; use a newer one")]
    Unknown(String),
}

/// What is read, and nothing else may be there.
const PROPERTIES: [&str; 9] = [
    "BillingMode",
    "OnDemandThroughput",
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
    "DeletionProtectionEnabled",
];

pub(super) fn read(template: &str) -> Result<TableSchema, TemplateError> {
    let documents =
        Yaml::load_from_str(template).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    let document = documents.first().ok_or(TemplateError::Missing("properties"))?;
    let properties = document
        .as_mapping_get("Resources")
        .and_then(|resources| resources.as_mapping_get("Table"))
        .and_then(|table| table.as_mapping_get("Properties"))
        .ok_or(TemplateError::Missing("properties"))?;
    only(properties, &PROPERTIES)?;

    let definitions = sequence(properties, "AttributeDefinitions")?;
    let mut attributes = Vec::new();
    for definition in definitions {
        only(definition, &["AttributeName", "AttributeType"])?;
        attributes.push((text(definition, "AttributeName")?, text(definition, "AttributeType")?));
    }
    attributes.sort();
    let indexes = sequence(properties, "GlobalSecondaryIndexes")?;
    let mut indexes: Vec<Index> = indexes.iter().map(index).collect::<Result<_, _>>()?;
    indexes.sort_by(|one, other| one.name.cmp(&other.name));

    let ttl = get(properties, "TimeToLiveSpecification")?;
    let recovery = get(properties, "PointInTimeRecoverySpecification")?;
    let encryption = get(properties, "SSESpecification")?;
    only(ttl, &["AttributeName", "Enabled"])?;
    only(recovery, &["PointInTimeRecoveryEnabled"])?;
    only(encryption, &["SSEEnabled"])?;
    Ok(TableSchema {
        billing: text(properties, "BillingMode")?,
        attributes,
        key: key(properties)?,
        indexes,
        ttl: flag(ttl, "Enabled")?.then(|| text(ttl, "AttributeName")).transpose()?,
        recovery: flag(recovery, "PointInTimeRecoveryEnabled")?,
        encryption: flag(encryption, "SSEEnabled")?,
        deletion_protection: flag(properties, "DeletionProtectionEnabled")?,
        most_units: most_units(document, properties)?,
    })
}

fn most_units(
    document: &Yaml<'_>,
    properties: &Yaml<'_>,
) -> Result<Option<(i64, i64)>, TemplateError> {
    let Some(most) = properties.as_mapping_get("OnDemandThroughput") else { return Ok(None) };
    only(most, &["MaxReadRequestUnits", "MaxWriteRequestUnits"])?;
    let units = |name| number(document, get(most, name)?, name);
    Ok(Some((units("MaxReadRequestUnits")?, units("MaxWriteRequestUnits")?)))
}

/// A number, or the default of the parameter that `!Ref` names.
fn number(document: &Yaml<'_>, node: &Yaml<'_>, name: &'static str) -> Result<i64, TemplateError> {
    let node = match node {
        Yaml::Tagged(tag, parameter) if tag.suffix == "Ref" => parameter
            .as_str()
            .and_then(|parameter| document.as_mapping_get("Parameters")?.as_mapping_get(parameter))
            .and_then(|parameter| parameter.as_mapping_get("Default"))
            .ok_or(TemplateError::Missing(name))?,
        node => node,
    };
    node.as_integer().ok_or(TemplateError::Missing(name))
}

fn index(node: &Yaml<'_>) -> Result<Index, TemplateError> {
    only(node, &["IndexName", "KeySchema", "Projection"])?;
    let projection = get(node, "Projection")?;
    only(projection, &["ProjectionType", "NonKeyAttributes"])?;
    let mut included = Vec::new();
    if projection.as_mapping_get("NonKeyAttributes").is_some() {
        for attribute in sequence(projection, "NonKeyAttributes")? {
            let name = attribute.as_str().ok_or(TemplateError::Missing("NonKeyAttributes"))?;
            included.push(name.to_owned());
        }
    }
    included.sort();
    Ok(Index {
        name: text(node, "IndexName")?,
        key: key(node)?,
        projection: text(projection, "ProjectionType")?,
        included,
    })
}

fn key(node: &Yaml<'_>) -> Result<Vec<KeyPart>, TemplateError> {
    let parts = sequence(node, "KeySchema")?;
    parts
        .iter()
        .map(|part| {
            only(part, &["AttributeName", "KeyType"])?;
            Ok(KeyPart { attribute: text(part, "AttributeName")?, role: text(part, "KeyType")? })
        })
        .collect()
}

fn get<'a, 'b>(node: &'a Yaml<'b>, name: &'static str) -> Result<&'a Yaml<'b>, TemplateError> {
    node.as_mapping_get(name).ok_or(TemplateError::Missing(name))
}

fn text(node: &Yaml<'_>, name: &'static str) -> Result<String, TemplateError> {
    get(node, name)?.as_str().map(str::to_owned).ok_or(TemplateError::Missing(name))
}

fn flag(node: &Yaml<'_>, name: &'static str) -> Result<bool, TemplateError> {
    get(node, name)?.as_bool().ok_or(TemplateError::Missing(name))
}

fn sequence<'a, 'b>(
    node: &'a Yaml<'b>,
    name: &'static str,
) -> Result<&'a [Yaml<'b>], TemplateError> {
    let sequence = get(node, name)?.as_sequence().ok_or(TemplateError::Missing(name))?;
    Ok(sequence.as_slice())
}

/// Refuses a mapping with a member that is not in `known`.
fn only(node: &Yaml<'_>, known: &[&str]) -> Result<(), TemplateError> {
    let mapping = node.as_mapping().ok_or(TemplateError::Missing("mapping"))?;
    for name in mapping.keys() {
        let name = name.as_str().unwrap_or("a member without a name");
        if !known.contains(&name) {
            return Err(TemplateError::Unknown(name.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::schema::USED;

    use super::super::of_template;
    use super::*;

    const TABLE: &str = "
Resources:
  Other: !If [Some, !Ref Thing, !Sub '${A}']
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions:
        - { AttributeName: sk, AttributeType: S }
        - { AttributeName: pk, AttributeType: S }
      KeySchema:
        - { AttributeName: pk, KeyType: HASH }
        - { AttributeName: sk, KeyType: RANGE }
      GlobalSecondaryIndexes: []
      TimeToLiveSpecification: { AttributeName: expires_at, Enabled: true }
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      SSESpecification: { SSEEnabled: true }
      DeletionProtectionEnabled: true
";

    #[test]
    fn the_template_of_this_repository_is_read() {
        let schema = of_template().unwrap();
        assert_eq!(schema.billing, "PAY_PER_REQUEST");
        assert_eq!(schema.ttl.as_deref(), Some(USED.ttl));
        assert_eq!(schema.indexes.len(), 2);
        assert_eq!(schema.indexes[0].name, USED.by_account.name);
        assert_eq!(schema.indexes[1].name, USED.by_due.name);
        assert!(schema.recovery && schema.encryption && schema.deletion_protection);
    }

    #[test]
    fn a_parameters_default_is_its_number() {
        let parameters = "Parameters:\n  Reads: { Type: Number, Default: 4000 }\n";
        let with = "      BillingMode: PAY_PER_REQUEST\n      OnDemandThroughput: \
            { MaxReadRequestUnits: !Ref Reads, MaxWriteRequestUnits: 7 }";
        let table = TABLE.replace("      BillingMode: PAY_PER_REQUEST", with);
        let schema = read(&format!("{parameters}{table}")).unwrap();
        assert_eq!(schema.most_units, Some((4000, 7)));
        assert_eq!(read(&table), Err(TemplateError::Missing("MaxReadRequestUnits")));
        assert_eq!(read(TABLE).unwrap().most_units, None);
        assert!(of_template().unwrap().most_units.is_some());
    }

    #[test]
    fn other_resources_may_have_any_tag() {
        let schema = read(TABLE).unwrap();
        assert_eq!(schema.attributes[0], ("pk".to_owned(), "S".to_owned()));
        assert_eq!(schema.key[1], KeyPart { attribute: "sk".to_owned(), role: "RANGE".to_owned() });
    }

    #[test]
    fn a_property_that_would_be_left_out_is_refused() {
        let template = TABLE.replace(
            "      BillingMode: PAY_PER_REQUEST",
            "      BillingMode: PAY_PER_REQUEST\n      TableClass: STANDARD",
        );
        assert_eq!(read(&template), Err(TemplateError::Unknown("TableClass".to_owned())));
        let template = TABLE.replace("{ SSEEnabled: true }", "{ SSEEnabled: true, SSEType: KMS }");
        assert_eq!(read(&template), Err(TemplateError::Unknown("SSEType".to_owned())));
        let template = TABLE.replace("      DeletionProtectionEnabled: true\n", "");
        assert_eq!(read(&template), Err(TemplateError::Missing("DeletionProtectionEnabled")));
        assert!(matches!(read("Resources: ["), Err(TemplateError::Yaml(_))));
    }
}
