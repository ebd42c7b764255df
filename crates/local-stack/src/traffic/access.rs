//! What a call needs of IAM.

use serde_json::Value;
use store::schema::USED;

use super::Call;

/// One decision of IAM: an action on a table or an index, and the partitions that
/// the request names there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Access {
    /// `dynamodb:UpdateItem`, …
    pub action: String,
    /// The table's name.
    pub table: String,
    /// The index, if it is one that is asked.
    pub index: Option<String>,
    /// What IAM calls `dynamodb:LeadingKeys`: the values of the partition key, of the
    /// index's own where one is asked. Empty where the request names none.
    pub partitions: Vec<String>,
}

impl Call {
    /// The decisions that this call takes. A transaction needs no action of its own but
    /// those of its parts; a batch is one decision for each table.
    ///
    /// Sources: the developer guide of DynamoDB, "Using IAM with DynamoDB transactions"
    /// and "Using IAM policy conditions for fine-grained access control".
    pub fn accesses(&self) -> Vec<Access> {
        match self.operation.as_str() {
            "TransactWriteItems" | "TransactGetItems" => parts(&self.body["TransactItems"]),
            "BatchGetItem" | "BatchWriteItem" => {
                let tables = self.body["RequestItems"].as_object().into_iter().flatten();
                tables.map(|(table, items)| self.batch(table, items)).collect()
            }
            operation => vec![access(operation, &self.body, named(&self.body))],
        }
    }

    fn batch(&self, table: &str, items: &Value) -> Access {
        let reads = items["Keys"].as_array().into_iter().flatten();
        let writes = items.as_array().into_iter().flatten();
        let writes = writes.flat_map(|write| write.as_object().into_iter().flatten());
        let written = writes.filter_map(|(_, write)| named(write));
        Access {
            action: format!("dynamodb:{}", self.operation),
            table: table.to_owned(),
            index: None,
            partitions: reads.filter_map(partition).chain(written).collect(),
        }
    }
}

fn parts(items: &Value) -> Vec<Access> {
    let parts = items.as_array().into_iter().flatten();
    let parts = parts.flat_map(|part| part.as_object().into_iter().flatten());
    parts.map(|(kind, part)| access(&format!("{kind}Item"), part, named(part))).collect()
}

fn access(operation: &str, body: &Value, partition: Option<String>) -> Access {
    Access {
        action: format!("dynamodb:{operation}"),
        table: body["TableName"].as_str().unwrap_or_default().to_owned(),
        index: body["IndexName"].as_str().map(str::to_owned),
        partitions: partition.into_iter().collect(),
    }
}

/// The partition that a request, or a part of one, names.
fn named(body: &Value) -> Option<String> {
    partition(&body["Key"]).or_else(|| partition(&body["Item"])).or_else(|| queried(body))
}

fn partition(key: &Value) -> Option<String> {
    key["pk"]["S"].as_str().map(str::to_owned)
}

/// The partition of a query: our conditions have it first.
fn queried(body: &Value) -> Option<String> {
    let attribute = match body["IndexName"].as_str() {
        None => USED.partition,
        Some(name) => {
            let indexes = [USED.by_account, USED.by_due];
            indexes.into_iter().find(|index| index.name == name)?.partition
        }
    };
    let (name, value) = body["KeyConditionExpression"].as_str()?.split_once(" = ")?;
    let placeholder = value.split(' ').next()?;
    let value = body["ExpressionAttributeValues"][placeholder]["S"].as_str()?;
    (name == attribute).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn accesses(operation: &str, body: Value) -> Vec<(String, Option<String>, Vec<String>)> {
        let call = Call { operation: operation.to_owned(), body, trace_id: None };
        let accesses = call.accesses().into_iter();
        accesses
            .map(|access| {
                assert_eq!(access.table, "t");
                (access.action, access.index, access.partitions)
            })
            .collect()
    }

    fn one(
        action: &str,
        index: Option<&str>,
        partitions: &[&str],
    ) -> (String, Option<String>, Vec<String>) {
        let partitions = partitions.iter().map(|it| (*it).to_owned()).collect();
        (format!("dynamodb:{action}"), index.map(str::to_owned), partitions)
    }

    #[test]
    fn a_call_on_one_item_names_its_partition() {
        let key = json!({"pk": {"S": "P"}, "sk": {"S": "s"}});
        for operation in ["GetItem", "UpdateItem", "DeleteItem"] {
            let body = json!({"TableName": "t", "Key": key});
            assert_eq!(accesses(operation, body), [one(operation, None, &["P"])]);
        }
        let put = json!({"TableName": "t", "Item": {"pk": {"S": "P"}, "x": {"N": "1"}}});
        assert_eq!(accesses("PutItem", put), [one("PutItem", None, &["P"])]);
        assert_eq!(accesses("Scan", json!({"TableName": "t"})), [one("Scan", None, &[])]);
    }

    #[test]
    fn a_query_names_the_partition_of_the_table_or_of_the_index() {
        let body = |index: Option<&str>, condition: &str| {
            let mut body = json!({
                "TableName": "t",
                "KeyConditionExpression": condition,
                "ExpressionAttributeValues": {":a": {"S": "A"}, ":b": {"S": "B"}},
            });
            if let Some(index) = index {
                body["IndexName"] = json!(index);
            }
            body
        };
        let cases = [
            (None, "pk = :a AND begins_with(sk, :b)", vec!["A"]),
            (Some("by_due"), "due = :b AND due_at <= :a", vec!["B"]),
            (Some("by_account"), "account = :a", vec!["A"]),
            // What cannot be told is named by nobody.
            (Some("by_due"), "pk = :a", vec![]),
            (Some("of_a_later_version"), "due = :a", vec![]),
        ];
        for (index, condition, partitions) in cases {
            let found = accesses("Query", body(index, condition));
            assert_eq!(found, [one("Query", index, &partitions)], "{condition}");
        }
    }

    #[test]
    fn a_transaction_is_its_parts_and_a_batch_one_decision_over_all_of_its_keys() {
        let part = |pk: &str| json!({"TableName": "t", "Key": {"pk": {"S": pk}}});
        let put = json!({"TableName": "t", "Item": {"pk": {"S": "D"}}});
        let transaction = json!({"TransactItems": [
            {"Update": part("A")}, {"Delete": part("B")}, {"ConditionCheck": part("C")}, {"Put": put},
        ]});
        let expected = [
            one("UpdateItem", None, &["A"]),
            one("DeleteItem", None, &["B"]),
            one("ConditionCheckItem", None, &["C"]),
            one("PutItem", None, &["D"]),
        ];
        assert_eq!(accesses("TransactWriteItems", transaction), expected);
        let keys =
            json!({"RequestItems": {"t": {"Keys": [{"pk": {"S": "A"}}, {"pk": {"S": "B"}}]}}});
        assert_eq!(accesses("BatchGetItem", keys), [one("BatchGetItem", None, &["A", "B"])]);
        let writes = json!({"RequestItems": {"t": [
            {"PutRequest": {"Item": {"pk": {"S": "A"}}}}, {"DeleteRequest": {"Key": {"pk": {"S": "B"}}}},
        ]}});
        assert_eq!(accesses("BatchWriteItem", writes), [one("BatchWriteItem", None, &["A", "B"])]);
    }
}
