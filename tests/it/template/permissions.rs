//! Who may do what, against what the code does.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use store::table::index;

use super::policy::{arns, index as index_of};
use super::{function_statements, properties, set, statements, template, texts, walk};

/// A call of the SDK in `src/`, and the action that it needs.
const CALLS: [(&str, &str); 24] = [
    (".get_item()", "dynamodb:GetItem"),
    (".put_item()", "dynamodb:PutItem"),
    (".update_item()", "dynamodb:UpdateItem"),
    (".delete_item()", "dynamodb:DeleteItem"),
    (".query()", "dynamodb:Query"),
    (".scan()", "dynamodb:Scan"),
    (".batch_get_item()", "dynamodb:BatchGetItem"),
    (".batch_write_item()", "dynamodb:BatchWriteItem"),
    (".execute_statement()", "dynamodb:PartiQLSelect"),
    (".describe_table()", "dynamodb:DescribeTable"),
    (".describe_time_to_live()", "dynamodb:DescribeTimeToLive"),
    (".describe_continuous_backups()", "dynamodb:DescribeContinuousBackups"),
    (".create_table()", "dynamodb:CreateTable"),
    // The parts of a transaction.
    ("Put::builder()", "dynamodb:PutItem"),
    ("TransactUpdate::builder()", "dynamodb:UpdateItem"),
    ("Delete::builder()", "dynamodb:DeleteItem"),
    ("ConditionCheck::builder()", "dynamodb:ConditionCheckItem"),
    ("TransactGetItem::builder()", "dynamodb:GetItem"),
    (".decrypt()", "kms:Decrypt"),
    (".encrypt()", "kms:Encrypt"),
    (".re_encrypt()", "kms:ReEncryptTo"),
    (".generate_data_key()", "kms:GenerateDataKey"),
    (".describe_key()", "kms:DescribeKey"),
    (".create_grant()", "kms:CreateGrant"),
];

/// The function makes no data key: only operators call what calls this.
const OPERATORS_ALONE: [&str; 1] = ["kms:Encrypt"];

fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push(std::fs::read_to_string(path).unwrap());
        }
    }
}

fn actions_of(folders: &[&str]) -> BTreeSet<String> {
    let mut files = Vec::new();
    for folder in folders {
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    let called = CALLS.iter().filter(|(call, _)| files.iter().any(|file| file.contains(call)));
    called.map(|(_, action)| (*action).to_owned()).collect()
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
fn the_function_may_do_what_its_code_does_and_no_more() {
    let mut allowed = BTreeSet::new();
    for statement in function_statements() {
        assert_eq!(statement["Effect"], "Allow");
        let actions = texts(&statement["Action"]);
        allowed.extend(actions.iter().filter(|action| !action.starts_with("sqs:")).cloned());
    }
    let allowed: BTreeSet<_> =
        allowed.into_iter().filter(|action| !action.starts_with("logs:")).collect();
    let mut needed = actions_of(&["src", "crates/store/src", "crates/operation/src"]);
    for action in OPERATORS_ALONE {
        assert!(needed.remove(action), "{action} is called nowhere");
    }
    assert_eq!(allowed, needed);
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
                assert_eq!(named(resource), BTreeSet::from([Some(index::BY_DUE.to_owned())]));
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
                let indexes = [index::BY_ACCOUNT, index::BY_DUE].map(|it| Some(it.to_owned()));
                assert_eq!(named(&statement["Resource"]), BTreeSet::from(indexes));
            }
            "WrapAndUnwrapDataKeys" => {
                assert_eq!(actions, set(&["kms:Decrypt", "kms:Encrypt"]));
                assert_key_of_this_table(&statement);
            }
            other => panic!("{other}: what is it for?"),
        }
    }
    let mut needed = actions_of(&[
        "src",
        "crates/store/src",
        "crates/operation/src",
        "crates/operator/src",
        "crates/leavectl/src",
    ]);
    // The stack makes its table by itself.
    needed.remove("dynamodb:CreateTable");
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
