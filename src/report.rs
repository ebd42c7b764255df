//! One JSON line for each request, which is its metrics too: CloudWatch reads
//! them out of the line (embedded metric format), so there is no agent, no call
//! and no second line.
//!
//! A line has ids, numbers and names of outcomes; never a token, a key, an
//! identifier or a group's subject. However much a request asks for, it is far from
//! [`LONGEST_LINE`](crate::log::LONGEST_LINE): texts are cut, outcomes counted.

mod metric;
mod outcome;

use std::fmt;
use std::io::Write;
use std::time::{Duration, SystemTime};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use domain::trace::{Step, Trace, WhatsAppCode};
use serde_json::{Map, Value, json};

use crate::log::shortened;
pub use metric::{Metric, NAMESPACE, Unit};
pub use outcome::Outcome;

/// The one dimension of every metric: the function's name, so that two stacks of
/// one account stay apart.
pub const DIMENSION: &str = "FunctionName";

/// Most outcomes that a line names: those of the largest command. Messages of one
/// instance that come together can have more; what is left out is a number, and the
/// metrics count all of them.
const MOST_OUTCOMES: usize = 1_000;

/// Where lines go.
pub struct Reporter {
    function: String,
    write: Box<dyn Fn(&str) + Send + Sync>,
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("function", &self.function).finish_non_exhaustive()
    }
}

/// What there is to say about a request.
#[derive(Debug)]
pub struct Report<'a> {
    /// `http`, `command`, `batch` or `check`.
    pub kind: &'static str,
    /// The request's id.
    pub request_id: &'a str,
    /// X-Ray's trace header, as Lambda gave it.
    pub trace_id: Option<&'a str>,
    /// The account; empty while it is not known.
    pub account: &'a str,
    /// The instance's name; empty while it is not known.
    pub instance: &'a str,
    /// The beginning of the token's hash; empty when there was none.
    pub token: &'a str,
    /// The answer's HTTP status, when it has one.
    pub status: Option<u16>,
    /// What came of each identifier.
    pub outcomes: &'a [Outcome],
    /// How often SQS has delivered the message that was delivered most often.
    pub received: Option<u64>,
    /// Other counts of the request.
    pub counts: &'a [(Metric, u64)],
    /// What happened on the way.
    pub trace: Trace,
    /// Calls to DynamoDB, repeated ones included.
    pub storage_calls: u64,
    /// The whole time.
    pub took: Duration,
}

impl Reporter {
    /// Lines on stdout, which Lambda hands to the log group. `function` is
    /// Lambda's `AWS_LAMBDA_FUNCTION_NAME`.
    pub fn stdout(function: String) -> Self {
        Self::to(function, |line| {
            // Nobody is left to tell when stdout is closed.
            let _ = writeln!(std::io::stdout(), "{line}");
        })
    }

    /// Lines to whoever wants them.
    pub fn to(function: String, write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { function, write: Box::new(write) }
    }

    /// No lines: for a service that runs inside another program.
    pub fn silent() -> Self {
        Self::to(String::new(), |_| {})
    }

    /// Writes the line.
    pub fn report(&self, report: &Report<'_>) {
        (self.write)(&self.line(report, SystemTime::now()).to_string());
    }

    fn line(&self, report: &Report<'_>, now: SystemTime) -> Value {
        let now = DateTime::from(now);
        let mut line = Map::new();
        let mut set = |name: &str, value: Value| {
            line.insert(name.to_owned(), value);
        };
        set("timestamp", now.fmt(Format::DateTime).unwrap_or_default().into());
        set("level", "INFO".into());
        set("message", "answered".into());
        set("kind", report.kind.into());
        set("request_id", shortened(report.request_id).into());
        let texts = [
            ("trace_id", report.trace_id.unwrap_or_default()),
            ("account", report.account),
            ("instance", report.instance),
            ("token", report.token),
        ];
        for (name, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            set(name, shortened(text).into());
        }
        if let [outcome] = report.outcomes {
            set("outcome", outcome.name().into());
        } else if !report.outcomes.is_empty() {
            let named = report.outcomes.iter().take(MOST_OUTCOMES);
            set("outcomes", named.map(|outcome| outcome.name()).collect::<Vec<_>>().into());
        }
        let left_out = report.outcomes.len().saturating_sub(MOST_OUTCOMES);
        if left_out > 0 {
            set("outcomes_left_out", left_out.into());
        }
        let numbers = [
            ("status", report.status.map(u64::from)),
            ("whatsapp_code", whatsapp_code(report)),
            ("received", report.received),
            ("attempt", Some(u64::from(report.trace.attempt))),
            ("round_trips", Some(u64::from(report.trace.round_trips))),
            ("storage_calls", Some(report.storage_calls)),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                set(name, number.into());
            }
        }
        if let Some(reason) = report.trace.failure {
            set("failure", reason.name().into());
        }
        let metrics = metrics(report);
        set(DIMENSION, shortened(&self.function).into());
        for (metric, value) in &metrics {
            set(metric.name(), value.clone());
        }
        set("_aws", embedded(&metrics, now.to_millis().unwrap_or_default()));
        Value::Object(line)
    }
}

#[expect(clippy::disallowed_methods, reason = "the one line that shows the number")]
fn whatsapp_code(report: &Report<'_>) -> Option<u64> {
    report.trace.whatsapp_code.map(WhatsAppCode::number)
}

/// Every metric that this request has, each once.
fn metrics(report: &Report<'_>) -> Vec<(Metric, Value)> {
    let mut counts: Vec<(Metric, u64)> = report.counts.to_vec();
    let outcomes = report.outcomes.iter().filter_map(|outcome| Some((outcome.metric()?, 1)));
    let failure = report.trace.failure.map(|reason| (Metric::of_failure(reason), 1));
    let waits = Some((Metric::LeaseWaits, u64::from(report.trace.lease_waits)));
    let waits = waits.filter(|(_, count)| *count > 0);
    for (metric, count) in outcomes.chain(failure).chain(waits) {
        match counts.iter_mut().find(|(other, _)| *other == metric) {
            Some((_, sum)) => *sum += count,
            None => counts.push((metric, count)),
        }
    }
    let mut metrics: Vec<(Metric, Value)> =
        counts.into_iter().map(|(metric, count)| (metric, count.into())).collect();
    for step in Step::ALL {
        if let Some(time) = report.trace.time(step) {
            metrics.push((Metric::of_step(step), milliseconds(time)));
        }
    }
    metrics.push((Metric::TotalMs, milliseconds(report.took)));
    metrics
}

/// With three digits after the point: a warm step is under a millisecond.
fn milliseconds(time: Duration) -> Value {
    let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
    json!(f64::from(micros) / 1000.0)
}

/// What tells CloudWatch which of the line's members are metrics.
/// Source: "Specification: Embedded metric format", Amazon CloudWatch user guide.
fn embedded(metrics: &[(Metric, Value)], now: i64) -> Value {
    let named: Vec<Value> = metrics
        .iter()
        .map(|(metric, _)| json!({"Name": metric.name(), "Unit": metric.unit().name()}))
        .collect();
    json!({
        "Timestamp": now,
        "CloudWatchMetrics": [{
            "Namespace": NAMESPACE,
            "Dimensions": [[DIMENSION]],
            "Metrics": named,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::LONGEST_LINE;
    use domain::problem::Problem;
    use domain::trace::Reason;

    /// Everything that a line can have, each at its longest.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "the longest code that can be")]
    fn no_line_is_longer_than_a_line_may_be() {
        let hostile = "\u{1}".repeat(1_000_000);
        let outcomes = vec![Outcome::Refused(Problem::IdempotencyKeyReused); 100_000];
        let counts: Vec<(Metric, u64)> = Metric::ALL.iter().map(|m| (*m, u64::MAX / 2)).collect();
        let mut trace = Trace::default();
        for step in Step::ALL {
            trace.spent(step, tokio::time::Instant::now());
        }
        trace.whatsapp_code = Some(WhatsAppCode::new(u16::MAX));
        trace.failure = Some(Reason::VersionRefused);
        trace.round_trips = u32::MAX;
        trace.lease_waits = u32::MAX;
        trace.attempt = u32::MAX;
        let report = Report {
            kind: "command",
            request_id: &hostile,
            trace_id: Some(&hostile),
            account: &hostile,
            instance: &hostile,
            token: &hostile,
            status: Some(u16::MAX),
            outcomes: &outcomes,
            received: Some(u64::MAX),
            counts: &counts,
            trace,
            storage_calls: u64::MAX,
            took: Duration::MAX,
        };
        let reporter = Reporter::to(hostile.clone(), |_| {});
        let line = reporter.line(&report, SystemTime::now());
        assert!(line.to_string().len() <= LONGEST_LINE / 2, "{}", line.to_string().len());
        assert_eq!(line["outcomes"].as_array().map(Vec::len), Some(1_000));
        assert_eq!(line["outcomes_left_out"], 99_000);
        assert_eq!(line["BadRequests"], u64::MAX / 2 + 100_000);
    }
}
