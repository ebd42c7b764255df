//! The function's binary: configuration → service → runtime loop.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::clock::SystemClock;
use domain::lease::LEASE;
use lambda_runtime::{LambdaEvent, service_fn};
use leave_group::config::Config;
use leave_group::entry::{self, Invocation, Payload};
use leave_group::log;
use leave_group::report::Reporter;
use leave_group::service::Service;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "stopped");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), lambda_runtime::Error> {
    let config = match Config::from_env() {
        Ok(config) => config,
        Err(error) => {
            log::install(tracing::Level::ERROR);
            return Err(error.into());
        }
    };
    log::install(config.log_level);
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let service =
        Service::new(&config, Arc::new(SystemClock::new()))?.reporting(Reporter::stdout(function));
    service.engine.preload().await;
    let service = &service;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Payload>| async move {
        let invocation = Invocation {
            request_id: event.context.request_id.clone(),
            trace_id: event.context.xray_trace_id.clone(),
            remaining: until(event.context.deadline),
        };
        entry::take(service, event.payload, invocation).await
    }))
    .await
}

/// How long it is until `deadline`, in milliseconds of the Unix epoch. One that
/// has passed is none: Lambda hands no such invocation out, but emulators name
/// moments of 1970, and a machine's clock may run ahead. Such an invocation has a run's time.
fn until(deadline: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let left = Duration::from_millis(deadline).checked_sub(now);
    left.filter(|left| !left.is_zero()).unwrap_or(LEASE.run)
}
