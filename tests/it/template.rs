//! `template.yaml` against the code: what the stack names is what the function has.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use leave_group::clock::SystemClock;
use leave_group::config::{Config, Sealing};
use leave_group::entry::{self, Invocation};
use leave_group::report::{DIMENSION, Metric, NAMESPACE};
use leave_group::table::{index, number};
use local_stack::traffic::{Call, Traffic};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::support::{ACCOUNT_TOKEN, GROUP, Request, Rig, ask};

/// The template in its long form: `!Ref X` is `{"Ref": "X"}`.
fn template() -> Value {
    let text = read("template.yaml");
    long_form(&Yaml::load_from_str(&text).unwrap()[0])
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

fn long_form(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(values) => values.iter().map(long_form).collect(),
        Yaml::Mapping(values) => Value::Object(
            values
                .iter()
                .map(|(name, value)| (name.as_str().unwrap().to_owned(), long_form(value)))
                .collect(),
        ),
        Yaml::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            json!({name: long_form(value)})
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => panic!("{yaml:?}"),
    }
}

fn resources(kind: &str) -> Map<String, Value> {
    let template = template();
    let all = template["Resources"].as_object().unwrap().clone();
    let found: Map<_, _> =
        all.into_iter().filter(|(_, resource)| resource["Type"] == kind).collect();
    assert!(!found.is_empty(), "no {kind}");
    found
}

fn properties(name: &str) -> Value {
    let properties = template()["Resources"][name]["Properties"].clone();
    assert!(properties.is_object(), "no {name}");
    properties
}

/// Every value in `value`, with the names that lead to it.
fn walk<'a>(value: &'a Value, path: &str, visit: &mut impl FnMut(&str, &'a Value)) {
    visit(path, value);
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(members) => {
            for (at, member) in members.iter().enumerate() {
                walk(member, &format!("{path}/{at}"), visit);
            }
        }
        _ => {}
    }
}

/// A member that may be one value or several.
fn each(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

fn texts(value: &Value) -> BTreeSet<String> {
    each(value).into_iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Both branches of an `!If`, or the value itself.
fn branches(value: &Value) -> Vec<&Value> {
    value["Fn::If"].as_array().map_or_else(|| vec![value], |all| all[1..].iter().collect())
}

// ---- metrics ----

/// Namespace, name, and dimensions of every metric that an alarm watches.
fn alarm_metrics(alarm: &Value) -> Vec<Value> {
    let single = alarm["Properties"].get("MetricName").map(|_| alarm["Properties"].clone());
    let several = alarm["Properties"]["Metrics"].as_array().into_iter().flatten();
    let several = several.filter_map(|metric| metric["MetricStat"].get("Metric").cloned());
    let metrics: Vec<Value> = single.into_iter().chain(several).collect();
    assert!(!metrics.is_empty(), "{alarm}");
    metrics
}

/// The dashboard's body, with its substitutions left as they are.
fn dashboard() -> Value {
    let body = &properties("Dashboard")["DashboardBody"]["Fn::Sub"];
    serde_json::from_str(each(body)[0].as_str().unwrap()).unwrap()
}

fn dashboard_metrics() -> Vec<Vec<Value>> {
    let dashboard = dashboard();
    let widgets = dashboard["widgets"].as_array().unwrap();
    let rows = widgets.iter().filter_map(|widget| widget["properties"]["metrics"].as_array());
    rows.flatten().map(|row| row.as_array().unwrap().clone()).collect()
}

fn known() -> BTreeSet<String> {
    Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect()
}

#[test]
fn the_dashboard_has_every_metric_and_no_other() {
    let rows = dashboard_metrics();
    let ours: Vec<_> = rows.iter().filter(|row| row[0] == NAMESPACE).collect();
    for row in &ours {
        assert_eq!(row[2..4], [json!(DIMENSION), json!("${Function}")], "{row:?}");
    }
    let shown: BTreeSet<_> = ours.iter().map(|row| row[1].as_str().unwrap().to_owned()).collect();
    assert_eq!(shown, known());
}

#[test]
fn an_alarm_on_a_metric_of_ours_names_one_that_exists() {
    let mut watched = BTreeSet::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        for metric in alarm_metrics(&alarm).iter().filter(|metric| metric["Namespace"] == NAMESPACE)
        {
            let metric_name = metric["MetricName"].as_str().unwrap();
            assert!(known().contains(metric_name), "{name}: {metric_name}");
            let dimensions = json!([{"Name": DIMENSION, "Value": {"Ref": "Function"}}]);
            assert_eq!(metric["Dimensions"], dimensions, "{name}");
            watched.insert(metric_name.to_owned());
        }
    }
    let must = set(&[
        "StorageUnavailable",
        "InternalErrors",
        "Unconfirmed",
        "WhatsAppUnreachable",
        "WhatsAppProtocolFaults",
        "ClientVersionRefused",
        "SessionsLoggedOut",
        "ChecksFailed",
        "ChecksRemaining",
    ]);
    assert!(must.is_subset(&watched), "{watched:?}");
}

#[test]
fn the_dashboard_shows_every_alarm_and_its_json_has_only_names_that_exist() {
    let dashboard = dashboard();
    let widgets = dashboard["widgets"].as_array().unwrap();
    let shown: BTreeSet<String> = widgets
        .iter()
        .filter_map(|widget| widget["properties"]["alarms"].as_array())
        .flatten()
        .map(|arn| arn.as_str().unwrap().to_owned())
        .collect();
    let alarms = resources("AWS::CloudWatch::Alarm");
    let all: BTreeSet<_> = alarms.keys().map(|name| format!("${{{name}.Arn}}")).collect();
    assert_eq!(shown, all);
}

#[test]
fn every_alarm_says_where_the_runbook_tells_what_to_do() {
    let runbook = read("docs/runbook.md");
    let anchors: BTreeSet<String> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .map(|heading| heading.to_lowercase().replace(' ', "-"))
        .collect();
    let mut used = BTreeSet::new();
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let text = alarm["Properties"]["AlarmDescription"]["Fn::Sub"].as_str().unwrap().to_owned();
        let (before, anchor) =
            text.rsplit_once("${RunbookUrl}#").unwrap_or_else(|| panic!("{name}"));
        assert!(before.len() > 20, "{name} says nothing itself");
        assert!(text.len() + 256 < 1024, "{name}: CloudWatch takes 1024 characters");
        assert!(anchors.contains(anchor), "{name}: docs/runbook.md has no #{anchor}");
        assert!(used.insert(anchor.to_owned()), "{name}: #{anchor} is another alarm's");
    }
    let section = |anchor: &String| {
        let title = runbook.lines().find(|line| {
            line.strip_prefix("## ")
                .is_some_and(|title| &title.to_lowercase().replace(' ', "-") == anchor)
        });
        let after = runbook.split(&format!("\n{}\n", title.unwrap())).nth(1).unwrap();
        after.split("\n## ").next().unwrap().to_owned()
    };
    for anchor in &used {
        let section = section(anchor);
        for part in ["**What it means.**", "**How to see it.**", "**What to do.**"] {
            assert!(section.contains(part), "#{anchor} lacks {part}");
        }
    }
}

#[test]
fn the_runbooks_queries_use_fields_that_a_line_has() {
    let runbook = read("docs/runbook.md");
    let mut queries = 0;
    // What `report` writes beside the metrics, and what Logs Insights has by itself.
    let fields = set(&[
        "kind",
        "request_id",
        "account",
        "instance",
        "token",
        "outcome",
        "outcomes",
        "status",
        "whatsapp_code",
        "failure",
        "received",
        "attempt",
        "round_trips",
        "storage_calls",
        "level",
        "message",
        "error",
        "health",
        "message_id",
        "ip",
        "@timestamp",
        "@message",
        "@duration",
        "@maxMemoryUsed",
        "@type",
        "@requestId",
        "@initDuration",
        "type",
        "record",
    ]);
    let source = read("src/report.rs") + &read("src/entry/batch.rs") + &read("src/check.rs");
    for query in runbook.split("```text\n").skip(1) {
        let query = query.split("```").next().unwrap();
        queries += 1;
        for line in query.lines().filter(|line| line.starts_with("fields ")) {
            for field in line.trim_start_matches("fields ").split(',').map(str::trim) {
                let is_known = fields.contains(field) || known().contains(field);
                assert!(is_known, "{field} in {query}");
                let is_own = !field.starts_with('@') && !known().contains(field) && field != "ip";
                if is_own
                    && !matches!(field, "level" | "message" | "error" | "health" | "message_id")
                {
                    assert!(source.contains(&format!("\"{field}\"")), "no line has {field}");
                }
            }
        }
    }
    assert!(queries >= 10, "{queries} queries");
}

// ---- environment ----

/// What Lambda sets by itself.
const LAMBDAS_OWN: [(&str, &str); 4] = [
    ("AWS_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("AWS_SESSION_TOKEN", "session"),
];

fn stand_in(name: &str, value: &Value) -> String {
    match name {
        "SEALING_KEY_ARN" => "arn:aws:kms:eu-west-1:111122223333:key/k".to_owned(),
        "WHATSAPP_VERSION" => "2.3000.1".to_owned(),
        "ALLOWED_ORIGINS" => "https://app.example.com".to_owned(),
        _ => {
            let template = template();
            let parameters = branches(value).into_iter().filter_map(|value| value["Ref"].as_str());
            let text = parameters.map(|name| &template["Parameters"][name]["Default"]).find_map(
                |default| match default {
                    Value::String(text) if !text.is_empty() => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                },
            );
            text.unwrap_or_else(|| "something".to_owned())
        }
    }
}

#[test]
fn the_environment_is_what_the_configuration_reads() {
    let given = properties("Function")["Environment"]["Variables"].as_object().unwrap().clone();
    let mut environment: BTreeMap<String, String> =
        given.iter().map(|(name, value)| (name.clone(), stand_in(name, value))).collect();
    for (name, value) in LAMBDAS_OWN {
        environment.insert(name.to_owned(), value.to_owned());
    }
    let asked = RefCell::new(BTreeSet::new());
    let config = Config::from_lookup(|name| {
        asked.borrow_mut().insert(name.to_owned());
        environment.get(name).cloned()
    })
    .unwrap();
    assert!(matches!(config.sealing, Sealing::Kms(_)), "{:?}", config.sealing);
    let asked = asked.into_inner();
    for name in given.keys() {
        assert!(asked.contains(name), "nobody reads {name}");
    }
    assert!(!given.contains_key("SEALING_KEY"), "a key in the configuration can be read there");
}

// ---- permissions ----

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

fn statements(policies: &Value) -> Vec<Value> {
    let policies = each(policies).into_iter();
    policies
        .flat_map(|policy| each(&policy["PolicyDocument"]["Statement"]).into_iter().cloned())
        .collect()
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

// ---- table ----

fn key_names(schema: &Value) -> Vec<(String, String)> {
    let keys = schema["KeySchema"].as_array().unwrap().iter();
    keys.map(|key| {
        let text = |name: &str| key[name].as_str().unwrap().to_owned();
        (text("KeyType"), text("AttributeName"))
    })
    .collect()
}

fn keys(hash: &str, range: &str) -> Vec<(String, String)> {
    vec![("HASH".to_owned(), hash.to_owned()), ("RANGE".to_owned(), range.to_owned())]
}

#[test]
fn the_table_has_the_keys_indexes_and_ttl_that_the_code_uses() {
    let table = properties("Table");
    assert_eq!(key_names(&table), keys("pk", "sk"));
    let indexes: BTreeMap<_, _> = table["GlobalSecondaryIndexes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|index| (index["IndexName"].as_str().unwrap().to_owned(), index.clone()))
        .collect();
    let names: BTreeSet<_> = indexes.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from([index::BY_ACCOUNT, index::BY_DUE]));
    assert_eq!(key_names(&indexes[index::BY_ACCOUNT]), keys("account", "pk"));
    assert_eq!(key_names(&indexes[index::BY_DUE]), keys("due", "due_at"));
    let types: BTreeMap<_, _> = table["AttributeDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["AttributeName"].as_str().unwrap(), it["AttributeType"].as_str().unwrap()))
        .collect();
    let expected = [("pk", "S"), ("sk", "S"), ("account", "S"), ("due", "S"), ("due_at", "N")];
    assert_eq!(types, BTreeMap::from(expected));
    let due = read("src/session/due.rs");
    assert!(due.contains("due = :due AND due_at <= :now"), "the query of {}", index::BY_DUE);
    for attribute in ["account", "instance"] {
        let carried = texts(&indexes[index::BY_DUE]["Projection"]["NonKeyAttributes"]);
        assert!(carried.contains(attribute), "a check reads {attribute} out of the index");
    }
    let ttl = json!({"AttributeName": "expires_at", "Enabled": true});
    assert_eq!(table["TimeToLiveSpecification"], ttl);
}

#[test]
fn table_and_key_outlive_the_stack() {
    let template = template();
    for name in ["Table", "SealingKey"] {
        for policy in ["DeletionPolicy", "UpdateReplacePolicy"] {
            assert_eq!(template["Resources"][name][policy], "Retain", "{name} {policy}");
        }
    }
    assert_eq!(properties("Table")["DeletionProtectionEnabled"], true);
}

// ---- parameters, time, paths ----

#[test]
fn every_parameter_is_used_explained_and_in_one_group() {
    let template = template();
    let parameters = template["Parameters"].as_object().unwrap();
    let interface = &template["Metadata"]["AWS::CloudFormation::Interface"];
    let mut grouped = Vec::new();
    for group in interface["ParameterGroups"].as_array().unwrap() {
        grouped.extend(group["Parameters"].as_array().unwrap().iter().cloned());
    }
    let mut used = BTreeSet::new();
    for part in ["Conditions", "Resources", "Outputs"] {
        walk(&template[part], "", &mut |path, value| {
            let Some(text) = value.as_str() else { return };
            if path.ends_with("/Ref") {
                used.insert(text.to_owned());
            }
            used.extend(
                text.split("${")
                    .skip(1)
                    .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned())),
            );
        });
    }
    for (name, parameter) in parameters {
        let times = grouped.iter().filter(|other| *other == name).count();
        assert_eq!(times, 1, "{name} is in {times} groups");
        assert!(interface["ParameterLabels"][name]["default"].is_string(), "{name} has no label");
        assert!(parameter["Description"].is_string(), "{name} is not explained");
        assert!(used.contains(name), "{name} is not used");
        assert!(parameter.get("Default").is_some(), "{name}: a first deployment has to know it");
        let bounds = ["AllowedValues", "AllowedPattern", "MinValue"];
        assert!(bounds.iter().any(|bound| parameter.get(bound).is_some()), "{name} takes anything");
    }
    assert_eq!(grouped.len(), parameters.len());
}

#[test]
fn an_answer_is_out_before_anything_above_the_function_gives_up() {
    let function = properties("Function");
    let timeout = function["Timeout"].as_u64().unwrap();
    let longest: u64 = read("src/entry.rs")
        .split("const LONGEST_RUN: Duration = Duration::from_secs(")
        .nth(1)
        .and_then(|rest| rest.split(')').next()?.parse().ok())
        .unwrap();
    assert!(timeout > longest, "{timeout} s for runs of {longest} s");
    let api = function["Events"]["EveryRequest"]["Properties"]["TimeoutInMillis"].as_u64().unwrap();
    assert!(timeout * 1000 < api && api <= 30_000, "{timeout} s and {api} ms");
    let visible = properties("Commands")["VisibilityTimeout"].as_u64().unwrap();
    assert!(visible >= timeout * 6, "{visible} s");
}

#[test]
fn everything_that_calls_the_function_calls_the_alias() {
    let function = properties("Function");
    assert_eq!(function["AutoPublishAlias"], "live");
    let role = statements(&properties("ScheduleRole")["Policies"]);
    let invoke = role.iter().find(|it| it["Action"] == "lambda:InvokeFunction").unwrap();
    assert_eq!(invoke["Resource"]["Fn::Sub"], "${Function.Arn}:live");
    let check = &function["Events"]["Check"]["Properties"];
    assert_eq!(check["Input"], r#"{"action":"check"}"#);
    assert_eq!(check["OmitName"], true, "two stacks would share a schedule's name");
}

#[test]
fn lambda_drops_no_line_by_its_level() {
    // A line is the request's metrics too, and it is written at INFO.
    assert_eq!(properties("Function")["LoggingConfig"]["ApplicationLogLevel"], "DEBUG");
}

#[test]
fn no_alarm_that_rolls_back_needs_the_api() {
    // The API needs the alias, and the alias these: it would be a circle.
    let function = properties("Function");
    for alarm in function["DeploymentPreference"]["Alarms"].as_array().unwrap() {
        let name = alarm["Ref"].as_str().unwrap();
        assert!(!properties(name).to_string().contains(r#""Ref":"Api""#), "{name}");
    }
}
