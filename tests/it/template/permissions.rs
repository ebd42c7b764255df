//! Who may do what, against what the code does.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::schema::USED;

use super::policy::{arns, index as index_of};
use super::{function_statements, properties, set, statements, template, texts, walk};

/// What an operator asks of the table beyond what the function does. That they ask all of
/// it, and nothing else, is in the tests of `crates/operator`, by the calls that they make.
const OPERATORS_ALONE: [&str; 5] = [
    "dynamodb:DescribeContinuousBackups",
    "dynamodb:DescribeTable",
    "dynamodb:DescribeTimeToLive",
    "dynamodb:Scan",
    // The function makes no data key.
    "kms:Encrypt",
];

/// What the function may do with the table and the key. For the table, the calls of a run
/// through everything that it does show that it needs this and no more: `super::calls`.
fn of_the_function() -> BTreeSet<String> {
    let statements = function_statements();
    let actions = statements.iter().flat_map(|statement| texts(&statement["Action"]));
    actions.filter(|it| it.starts_with("dynamodb:") || it.starts_with("kms:")).collect()
}

/// The indexes that a resource names; `None` is the table itself.
fn named(resource: &Value) -> BTreeSet<Option<String>> {
    arns(resource).iter().map(|arn| index_of(arn)).collect()
}

fn table_name() -> Value {
    json!({"Fn::If": ["MakesTable", {"Ref": "Table"}, {"Ref": "ExistingTableName"}]})
}

fn assert_key_of_this_table(statement: &Value) {
    let key = json!({"Fn::If": ["MakesKey", {"Fn::GetAtt": "SealingKey.Arn"}, {"Ref": "ExistingKeyArn"}]});
    assert_eq!(statement["Resource"], key);
    let condition = json!({"StringEquals": {"kms:EncryptionContext:table": table_name()}});
    assert_eq!(statement["Condition"], condition);
}

#[test]
fn the_function_unwraps_data_keys_and_does_nothing_else_with_the_key() {
    for statement in function_statements() {
        assert_eq!(statement["Effect"], "Allow");
    }
    let of_the_key = of_the_function().into_iter().filter(|action| action.starts_with("kms:"));
    assert_eq!(of_the_key.collect::<BTreeSet<_>>(), set(&["kms:Decrypt"]));
}

#[test]
fn each_permission_is_for_the_one_thing_that_needs_it() {
    for statement in function_statements() {
        let actions = texts(&statement["Action"]);
        let resource = &statement["Resource"];
        match statement["Sid"].as_str().unwrap() {
            // Which of the table's items: `super::calls`.
            "Tokens" | "Instances" | "DataKeysAndClientVersion" => {
                assert_eq!(named(resource), BTreeSet::from([None]));
            }
            "SessionsThatAreDue" => {
                assert_eq!(actions, set(&["dynamodb:Query"]));
                assert_eq!(named(resource), BTreeSet::from([Some(USED.by_due.name.to_owned())]));
            }
            "UnwrapDataKeys" => {
                assert_eq!(actions, set(&["kms:Decrypt"]));
                assert_key_of_this_table(&statement);
            }
            "TakeCommands" => assert_eq!(*resource, json!({"Fn::GetAtt": "Commands.Arn"})),
            "KeepWhatFailed" => {
                assert_eq!(actions, set(&["sqs:SendMessage"]));
                assert_eq!(*resource, json!({"Fn::GetAtt": "FailedInvocations.Arn"}));
            }
            "OwnLogGroup" => assert_eq!(*resource, json!({"Fn::GetAtt": "FunctionLogs.Arn"})),
            other => panic!("{other}: what is it for?"),
        }
    }
}

#[test]
fn operators_may_do_what_their_tool_does_and_no_more() {
    let operators = json!([properties("OperatorPolicy")]);
    let mut allowed = BTreeSet::new();
    for statement in statements(&operators) {
        let actions = texts(&statement["Action"]);
        allowed.extend(actions.iter().cloned());
        match statement["Sid"].as_str().unwrap() {
            "Items" => assert_eq!(named(&statement["Resource"]), BTreeSet::from([None])),
            "Indexes" => {
                assert_eq!(actions, set(&["dynamodb:Query"]));
                let indexes = [USED.by_account, USED.by_due].map(|it| Some(it.name.to_owned()));
                assert_eq!(named(&statement["Resource"]), BTreeSet::from(indexes));
            }
            "WrapAndUnwrapDataKeys" => {
                assert_eq!(actions, set(&["kms:Decrypt", "kms:Encrypt"]));
                assert_key_of_this_table(&statement);
            }
            other => panic!("{other}: what is it for?"),
        }
    }
    // `leavectl leave` and `instance check` are the function's own runs.
    let needed: BTreeSet<_> = of_the_function().into_iter().chain(set(&OPERATORS_ALONE)).collect();
    assert_eq!(allowed, needed);
}

#[test]
fn no_policy_is_for_every_resource_or_every_action() {
    let template = template();
    let mut resources = 0;
    walk(&template["Resources"], "", &mut |path, value| {
        // In a key's policy `*` is the key itself.
        let is_key_policy = path.starts_with("/SealingKey/Properties/KeyPolicy/");
        let last = path.rsplit('/').next().unwrap_or_default();
        if last == "Resource" {
            resources += 1;
            walk(value, "", &mut |_, part| {
                let text = part.as_str().unwrap_or_default();
                assert!(is_key_policy || !text.contains('*'), "{path}: {text}");
            });
        }
        if last == "Action" && !is_key_policy {
            for action in texts(value) {
                assert!(!action.contains('*'), "{path}: {action}");
            }
        }
        if last == "ManagedPolicyArns" {
            let xray = "arn:${AWS::Partition}:iam::aws:policy/AWSXRayDaemonWriteAccess";
            assert_eq!(*value, json!([{"Fn::Sub": xray}]), "{path}");
        }
    });
    assert!(resources >= 10, "{resources}");
}

#[test]
fn the_key_is_for_this_table_alone_whatever_iam_grants() {
    let key = properties("SealingKey");
    assert_eq!(key["EnableKeyRotation"], true);
    let statements = key["KeyPolicy"]["Statement"].as_array().unwrap();
    let deny = statements.iter().find(|statement| statement["Effect"] == "Deny").unwrap();
    let condition = json!({"StringNotEquals": {"kms:EncryptionContext:table": table_name()}});
    assert_eq!(deny["Condition"], condition);
    assert!(texts(&deny["Action"]).is_superset(&set(&["kms:Decrypt", "kms:Encrypt"])));
}
