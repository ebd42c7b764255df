//! The function in this process, and what it writes about its requests.

use std::sync::{Arc, Mutex};

use domain::clock::SystemClock;
use leave_group::config::Config;
use leave_group::entry::{self, Invocation};
use leave_group::report::{DIMENSION, Metric, NAMESPACE, Reporter};
use leave_group::service::Service;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::event::{Request, Shape};
use super::rig::Rig;

/// A service in this process, and the lines that it writes.
pub struct Observed {
    pub service: Service,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Observed {
    pub fn start(rig: &Rig) -> Self {
        Self::start_with(rig, &[])
    }

    pub fn start_with(rig: &Rig, changes: &[(&str, &str)]) -> Self {
        let environment = rig.environment(changes);
        let config = Config::from_lookup(|name| environment.get(name).cloned()).unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let reporter = Reporter::to("leave-group".to_owned(), move |line| {
            sink.lock().unwrap().push(line.to_owned());
        });
        let service = Service::new(&config, Arc::new(SystemClock::new())).unwrap();
        Self { service: service.reporting(reporter), lines }
    }

    /// One event, and the lines that it brought.
    pub async fn lines(&self, event: &str) -> Vec<Value> {
        self.answered(event).await;
        self.written()
    }

    /// The lines that were written since the last time.
    pub fn written(&self) -> Vec<Value> {
        let lines = std::mem::take(&mut *self.lines.lock().unwrap());
        lines.iter().map(|line| read_line(line)).collect()
    }

    pub async fn answered(&self, event: &str) {
        let event = RawValue::from_string(event.to_owned()).unwrap();
        let invocation = Invocation {
            request_id: "request".to_owned(),
            trace_id: Some("Root=1-2-3".to_owned()),
            remaining: std::time::Duration::from_secs(29),
        };
        entry::handle(&self.service, &event, invocation).await.unwrap();
    }

    pub async fn line(&self, request: &Request) -> Value {
        let mut lines = self.lines(&request.event(Shape::HttpApi)).await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }
}

/// A line, once it is known to be one that CloudWatch can read metrics from.
/// Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.
pub fn read_line(line: &str) -> Value {
    assert!(!line.contains('\n'), "{line}");
    let line: Value = serde_json::from_str(line).unwrap();
    let metadata = &line["_aws"];
    assert!(metadata["Timestamp"].as_u64().unwrap() > 1_700_000_000_000, "milliseconds: {line}");
    let directive = &metadata["CloudWatchMetrics"][0];
    assert_eq!(directive["Namespace"], NAMESPACE);
    assert_eq!(directive["Dimensions"], json!([[DIMENSION]]));
    assert_eq!(line[DIMENSION], "leave-group");
    let named = directive["Metrics"].as_array().unwrap();
    assert!(named.len() <= 100, "the most of one directive");
    for named in named {
        let metric = Metric::ALL.iter().find(|metric| named["Name"] == metric.name());
        let metric = metric.unwrap_or_else(|| panic!("{named} is no metric"));
        assert_eq!(named["Unit"], metric.unit().name());
        assert!(line[metric.name()].is_number(), "{} has no value: {line}", metric.name());
    }
    line
}
