//! Who may do what, against what the code does.

use std::collections::BTreeSet;
use std::path::Path;

use leave_group::clock::SystemClock;
use leave_group::entry::{self, Invocation};
use leave_group::table::{index, number};
use local_stack::traffic::{Call, Traffic};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{each, properties, set, statements, template, texts, walk};
use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask};

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

fn function_statements() -> Vec<Value> {
    statements(&properties("FunctionRole")["Policies"])
}

/// The table's ARN, made here or one's own.
fn is_table(resource: &Value) -> bool {
    resource["Fn::If"][0] == "MakesTable"
        && resource["Fn::If"][1] == json!({"Fn::GetAtt": "Table.Arn"})
        && resource["Fn::If"][2]["Fn::Sub"]
            == "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ExistingTableName}"
}

/// The ARNs of these indexes, and no others.
fn is_indexes(resource: &Value, names: &[&str]) -> bool {
    let ends = |branch: &Value, table: &str| {
        let arns: BTreeSet<_> = each(branch)
            .into_iter()
            .map(|arn| arn["Fn::Sub"].as_str().unwrap_or_default())
            .collect();
        let expected: Vec<_> = names.iter().map(|name| format!("{table}/index/{name}")).collect();
        arns == expected.iter().map(String::as_str).collect()
    };
    resource["Fn::If"][0] == "MakesTable"
        && ends(&resource["Fn::If"][1], "${Table.Arn}")
        && ends(
            &resource["Fn::If"][2],
            "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${ExistingTableName}",
        )
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
    let mut needed = actions_of(&["src"]);
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
            "WhatTheCodeDoes" => assert!(is_table(resource), "{resource}"),
            "SessionsThatAreDue" => {
                assert_eq!(actions, set(&["dynamodb:Query"]));
                assert!(is_indexes(resource, &[index::BY_DUE]), "{resource}");
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
            "Items" => assert!(is_table(&statement["Resource"])),
            "Indexes" => {
                assert_eq!(actions, set(&["dynamodb:Query"]));
                assert!(is_indexes(&statement["Resource"], &[index::BY_ACCOUNT, index::BY_DUE]));
            }
            "WrapAndUnwrapDataKeys" => {
                assert_eq!(actions, set(&["kms:Decrypt", "kms:Encrypt"]));
                assert_key_of_this_table(&statement);
            }
            other => panic!("{other}: what is it for?"),
        }
    }
    let mut needed = actions_of(&["src", "crates/operator/src", "crates/leavectl/src"]);
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

/// What one recorded call needs: an action, and the index it is on.
fn needed(call: &Call) -> Vec<(String, Option<String>)> {
    if call.operation != "TransactWriteItems" {
        let index = call.body["IndexName"].as_str().map(str::to_owned);
        return vec![(format!("dynamodb:{}", call.operation), index)];
    }
    let parts = call.body["TransactItems"].as_array().unwrap().iter();
    let parts = parts.flat_map(|part| part.as_object().unwrap().keys());
    parts
        .map(|part| match part.as_str() {
            "ConditionCheck" => ("dynamodb:ConditionCheckItem".to_owned(), None),
            part => (format!("dynamodb:{part}Item"), None),
        })
        .collect()
}

#[tokio::test]
async fn what_runs_really_do_is_allowed() {
    let rig = Rig::start().await;
    let traffic = Traffic::new();
    let service = rig.service(std::sync::Arc::new(SystemClock::new()), &traffic);
    service.preload().await;
    let leave = |identifier: &str| Request::leave(ACCOUNT_TOKEN, "sales", identifier);
    for request in [
        leave(GROUP),
        leave("ABC123XYZ"),
        leave(GROUP).header("Idempotency-Key", "one"),
        leave(GROUP).header("Idempotency-Key", "one"),
    ] {
        rig.simulator().add_member(GROUP, &rig.device.phone);
        let reply = ask(&service, &request).await;
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    let unknown = rig.group(whatsapp_simulator::NewGroup::new("Unknown"), None).await;
    assert_eq!(ask(&service, &leave(&unknown)).await.status, 200);
    let mut session = rig.session().await;
    session.insert("due_at".to_owned(), number(1));
    session.insert("seen_at".to_owned(), number(1));
    rig.provisioner.put(session).await.unwrap();
    let check = RawValue::from_string(r#"{"action":"check"}"#.to_owned()).unwrap();
    let invocation = Invocation {
        request_id: "request".to_owned(),
        trace_id: None,
        remaining: std::time::Duration::from_secs(29),
    };
    let answer = entry::handle(&service, &check, invocation).await.unwrap();
    assert!(answer.get().contains(r#""connected":1"#), "{answer}");

    let mut allowed: BTreeSet<(String, Option<String>)> = BTreeSet::new();
    for statement in function_statements() {
        let of = (statement["Sid"] == "SessionsThatAreDue").then(|| index::BY_DUE.to_owned());
        allowed.extend(texts(&statement["Action"]).into_iter().map(|action| (action, of.clone())));
    }
    let done: BTreeSet<_> = traffic.calls().iter().flat_map(needed).collect();
    assert!(done.is_subset(&allowed), "{done:?} but {allowed:?}");
    let unused: BTreeSet<_> =
        allowed.difference(&done).map(|(action, _)| action.as_str()).collect();
    let unused: Vec<_> = unused.into_iter().filter(|it| it.starts_with("dynamodb:")).collect();
    assert!(unused.is_empty(), "allowed, and used by no run: {unused:?}");
}
