//! Alarms, dashboard and runbook against the metrics that the function reports.

use std::collections::BTreeSet;

use leave_group::report::{DIMENSION, Metric, NAMESPACE};
use serde_json::{Value, json};

use super::{each, properties, read, resources, set};

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
    let source = read("src/report.rs")
        + &read("src/entry/batch.rs")
        + &read("crates/operation/src/check.rs");
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
