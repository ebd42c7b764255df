//! IAM's decision on one access to the table, by the statements of a policy.

use std::collections::BTreeSet;

use local_stack::traffic::Access;
use serde_json::Value;

use super::{branches, each, texts};

const TABLE_ARN: &str = "arn:aws:dynamodb:eu-west-1:111122223333:table/table";

/// What one statement permits: an action on a table or an index, for the partitions
/// that a pattern describes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grant {
    pub(super) action: String,
    /// The index, or the table itself.
    pub(super) index: Option<String>,
    /// Of the partition key, with `*` and `?`.
    pub(super) partitions: String,
}

impl Grant {
    /// Whether IAM lets `access` through by this grant alone: all of its partitions are
    /// described, and there is one.
    fn allows(&self, access: &Access) -> bool {
        self.covers(access)
            && !access.partitions.is_empty()
            && access.partitions.iter().all(|partition| is_like(&self.partitions, partition))
    }

    fn covers(&self, access: &Access) -> bool {
        self.action == access.action && self.index == access.index
    }
}

/// The grants of the statements that are about the table. Nothing that could widen or
/// narrow one is passed over: an unknown effect, operator or key is a panic.
pub(super) fn grants(statements: &[Value]) -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for statement in statements {
        let actions = texts(&statement["Action"]);
        if !actions.iter().any(|action| action.starts_with("dynamodb:")) {
            continue;
        }
        for member in statement.as_object().unwrap().keys() {
            let known = ["Sid", "Effect", "Action", "Resource", "Condition"];
            assert!(known.contains(&member.as_str()), "{member}");
        }
        assert_eq!(statement["Effect"], "Allow");
        for action in actions {
            for arn in arns(&statement["Resource"]) {
                for partitions in partitions(&statement["Condition"]) {
                    grants.insert(Grant { action: action.clone(), index: index(&arn), partitions });
                }
            }
        }
    }
    grants
}

/// The grants that let `access` through, one by one.
///
/// A statement with several patterns would allow a batch over all of them together;
/// each of ours has one.
pub(super) fn allowing<'a>(grants: &'a BTreeSet<Grant>, access: &Access) -> Vec<&'a Grant> {
    grants.iter().filter(|grant| grant.allows(access)).collect()
}

/// The patterns of a condition that is on the partition key and on nothing else.
fn partitions(condition: &Value) -> BTreeSet<String> {
    const KEY: &str = "dynamodb:LeadingKeys";
    let condition = condition.as_object().unwrap_or_else(|| panic!("every partition"));
    let operators: Vec<_> = condition.keys().map(String::as_str).collect();
    assert_eq!(operators, ["ForAllValues:StringLike", "Null"]);
    for keys in condition.values() {
        assert_eq!(keys.as_object().unwrap().keys().collect::<Vec<_>>(), [KEY]);
    }
    assert_eq!(condition["Null"][KEY], "false", "a request that names no partition is let in");
    texts(&condition["ForAllValues:StringLike"][KEY])
}

/// The ARNs of a resource, which are the same for a table that the stack makes and for
/// one's own.
pub(super) fn arns(resource: &Value) -> BTreeSet<String> {
    assert_eq!(resource["Fn::If"][0], "MakesTable", "{resource}");
    let both: Vec<BTreeSet<String>> = branches(resource)
        .into_iter()
        .map(|branch| each(branch).into_iter().map(arn).collect())
        .collect();
    assert_eq!(both[0], both[1]);
    both[0].clone()
}

fn arn(value: &Value) -> String {
    if value["Fn::GetAtt"] == "Table.Arn" {
        return TABLE_ARN.to_owned();
    }
    let given = [
        ("${Table.Arn}", TABLE_ARN),
        ("${AWS::Partition}", "aws"),
        ("${AWS::Region}", "eu-west-1"),
        ("${AWS::AccountId}", "111122223333"),
        ("${ExistingTableName}", "table"),
    ];
    let text = value["Fn::Sub"].as_str().unwrap_or_else(|| panic!("{value}")).to_owned();
    let text = given.iter().fold(text, |text, (name, value)| text.replace(name, value));
    assert!(!text.contains('$'), "{text}");
    text
}

/// The index that an ARN names; none is the table itself.
pub(super) fn index(arn: &str) -> Option<String> {
    let rest = arn.strip_prefix(TABLE_ARN).unwrap_or_else(|| panic!("another table: {arn}"));
    if rest.is_empty() {
        return None;
    }
    Some(rest.strip_prefix("/index/").unwrap_or_else(|| panic!("{arn}")).to_owned())
}

/// IAM's `StringLike`: `*` is any run of characters, `?` any one.
fn is_like(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    match pattern.next() {
        None => text.next().is_none(),
        Some('*') => {
            let rest = pattern.as_str();
            let mut tails = text.as_str().char_indices().map(|(at, _)| &text.as_str()[at..]);
            is_like(rest, "") || tails.any(|tail| is_like(rest, tail))
        }
        Some(one) => {
            let next = text.next();
            next.is_some_and(|next| one == '?' || one == next)
                && is_like(pattern.as_str(), text.as_str())
        }
    }
}

#[test]
fn patterns_are_read_as_iam_reads_them() {
    for (pattern, text, like) in [
        ("TOKEN#*", "TOKEN#ab", true),
        ("TOKEN#*", "TOKEN#", true),
        ("TOKEN#*", "TOKEN", false),
        ("TOKEN#*", "token#ab", false),
        ("TOKEN#*", "XTOKEN#ab", false),
        ("KEYS", "KEYS", true),
        ("KEYS", "KEYS2", false),
        ("*b?d*", "abcd", true),
        ("*b?d*", "abd", false),
    ] {
        assert_eq!(is_like(pattern, text), like, "{pattern} {text}");
    }
}
