//! `cargo bench`: builds the function as it is shipped, drives it on loopback,
//! and writes `docs/performance.md`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, missing_docs)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::clock::SystemClock;
use domain::credentials::Credentials;
use domain::group::{Group, GroupKind};
use domain::tenant::InstanceId;
use domain::token::Scope;
use domain::token::Token;
use leave_group::config::Config;
use leave_group::entry::{self, Invocation};
use leave_group::service::Service;
use local_stack::function::Function;
use local_stack::provision::Provisioner;
use local_stack::runtime_api::{Outcome, RuntimeApi};
use local_stack::traffic::Traffic;
use local_stack::{Backends, Options};
use operation::engine::{Ports, http_client};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use whatsapp_simulator::{Device, NewGroup, Rank};

const TOKEN: &str = "leave-group-bench-token-0001";
const GROUP: &str = "120363406289005073@g.us";
const TIMEOUT: Duration = Duration::from_secs(29);
/// Leaves after which the resident memory is read.
const LEAVES: usize = 100;
/// Starts of which the median is taken.
const STARTS: usize = 21;

struct Bench {
    backends: Backends,
    provisioner: Provisioner,
    instance: InstanceId,
    device: Device,
}

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs this file too, with another argument.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let (function, floor) = (build("leave-group", "bootstrap"), build("floor", "floor"));
    let bench = Bench::start().await;
    let mut page = String::from(HEAD);
    bench.costs(&mut page).await;
    bench.weight(&mut page, &function, &floor).await;
    bench.backends.stop().await;
    std::fs::write(root().join("docs/performance.md"), &page).unwrap();
    println!("{page}");
}

const HEAD: &str = "\
# Performance

Written by `cargo bench`, which builds the function as it is shipped and drives it
on loopback: the real binary, DynamoDB's protocol in an embedded database, and the
simulated WhatsApp, all without TLS. Times are of one machine on one day; counts
and ratios are what to compare.

";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Builds a package alone: in a workspace build, others' features would join in.
fn build(package: &str, binary: &str) -> PathBuf {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "-p", package])
        .current_dir(root())
        .status();
    assert!(built.unwrap().success());
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("release").join(binary)
}

impl Bench {
    async fn start() -> Self {
        let backends = Backends::start(&Options::default()).await.unwrap();
        let provisioner = backends.provisioner().unwrap();
        let account = "bench".parse().unwrap();
        let token = Token::new(TOKEN).unwrap();
        provisioner.token(&token, &account, &Scope::Account, 1_000_000).await.unwrap();
        let instance = InstanceId { account, name: "sales".parse().unwrap() };
        let device = backends.simulator().unwrap().link_device("5511999990001");
        let credentials = Credentials {
            noise_private_key: zeroize::Zeroizing::new(device.noise_private_key),
            device: device.jid.parse().unwrap(),
            lid: Some(device.lid.clone()),
            proxy: None,
        };
        provisioner.linked(&instance, &credentials).await.unwrap();
        let simulator = backends.simulator().unwrap();
        simulator.create_group(
            NewGroup::new("Leads")
                .jid(GROUP)
                .invite("ABC123XYZ")
                .member("5511988880000", Rank::Superadmin),
        );
        Self { backends, provisioner, instance, device }
    }

    /// In the group again, known to the roster or not.
    async fn join(&self, is_known: bool) {
        self.backends.simulator().unwrap().add_member(GROUP, &self.device.phone);
        if is_known {
            let group = Group { jid: GROUP.parse().unwrap(), kind: GroupKind::Group };
            self.provisioner.group(&self.instance, &group).await.unwrap();
        }
    }

    fn config(&self) -> Config {
        self.backends.config().unwrap()
    }

    /// Calls and round trips, counted by the SDK's boundary and by the simulator.
    async fn costs(&self, page: &mut String) {
        page.push_str("## What a leave costs\n\n");
        page.push_str("| leave | DynamoDB calls | in a row | round trips to WhatsApp | IQs |\n|---|---|---|---|---|\n");
        let simulator = self.backends.simulator().unwrap();
        let traffic = Traffic::new();
        let http = traffic.watch(http_client().unwrap());
        let clock = Arc::new(SystemClock::new());
        let service = Service::through(&self.config(), clock, Ports::with_http(http)).unwrap();
        service.engine.preload().await;
        for (what, identifier, is_known, beside) in [
            ("a known group by its JID", GROUP, true, 1),
            ("an invite", "ABC123XYZ", true, 1),
            ("an unknown group by its JID", GROUP, false, 1),
        ] {
            self.join(is_known).await;
            traffic.clear();
            simulator.clear_record();
            let event = RawValue::from_string(event(identifier)).unwrap();
            let invocation =
                Invocation { request_id: "bench".to_owned(), trace_id: None, remaining: TIMEOUT };
            let answer = entry::handle(&service, &event, invocation).await.unwrap();
            assert_eq!(status(answer.get()), 200);
            let calls = traffic.operations();
            let record = simulator.record();
            let device = &self.device.jid;
            writeln!(
                page,
                "| {what} | {} ({}) | {} | {} | {} |",
                calls.len(),
                calls.join(", "),
                calls.len() - beside,
                record.round_trips(device),
                record.iqs(device).join(", "),
            )
            .unwrap();
        }
        page.push_str(
            "\nOne call reads the group's row beside the login (for an invite, beside the intent), so it\n\
             takes no time of its own. Round trips are after TCP and without TLS, which adds one.\n\n",
        );
    }

    async fn weight(&self, page: &mut String, function: &Path, floor: &Path) {
        let size = std::fs::metadata(function).unwrap().len();
        let zip = zipped(function);
        let boot = self.boot(function).await;
        let boot_floor = self.boot(floor).await;
        let run = self.run(function).await;
        page.push_str("## Weight and time\n\n| | measured | budget |\n|---|---|---|\n");
        let mut row = |what: &str, measured: String, budget: &str| {
            writeln!(page, "| {what} | {measured} | {budget} |").unwrap();
        };
        row("binary", megabytes(size), "6.2 MB");
        row("zip", megabytes(zip), "3.0 MB");
        row(
            "boot, to the first poll",
            format!(
                "{} (the runtime alone: {}, {:.2} times)",
                ms(boot),
                ms(boot_floor),
                ratio(boot, boot_floor)
            ),
            "1.5 times",
        );
        row(
            "first request",
            format!("{} ({:.2} times a warm one)", ms(run.first), ratio(run.first, run.warm)),
            "2.5 times",
        );
        row("warm leave, median of 100", ms(run.warm), "");
        row("resident after the first request", mebibytes(run.resident_first), "8 MiB");
        row(&format!("resident after {LEAVES} leaves"), mebibytes(run.resident_last), "flat");
        page.push_str(
            "\nBoot and first request are medians of 21 starts. Boot includes reading the data keys, which no\n\
             request then waits for.\n",
        );
    }

    async fn boot(&self, binary: &Path) -> Duration {
        let mut times = Vec::new();
        for _ in 0..STARTS {
            let runtime = RuntimeApi::start().await.unwrap();
            let began = Instant::now();
            let function = Function::spawn(binary, &self.backends.environment(), &runtime).unwrap();
            runtime.asked(1).await;
            times.push(began.elapsed());
            function.kill().await.unwrap();
        }
        median(times)
    }

    async fn run(&self, binary: &Path) -> Run {
        let mut firsts = Vec::new();
        let mut warm = Vec::new();
        let mut resident = (0, 0);
        for start in 0..STARTS {
            let runtime = RuntimeApi::start().await.unwrap();
            let function = Function::spawn(binary, &self.backends.environment(), &runtime).unwrap();
            runtime.asked(1).await;
            firsts.push(self.leave(&runtime).await);
            if start == 0 {
                resident.0 = resident_bytes(&function);
                for _ in 1..LEAVES {
                    warm.push(self.leave(&runtime).await);
                }
                resident.1 = resident_bytes(&function);
            }
            function.kill().await.unwrap();
        }
        Run {
            first: median(firsts),
            warm: median(warm),
            resident_first: resident.0,
            resident_last: resident.1,
        }
    }

    async fn leave(&self, runtime: &RuntimeApi) -> Duration {
        self.join(true).await;
        let event = event(GROUP);
        let began = Instant::now();
        let Some(Outcome::Response(answer)) = runtime.invoke(&event, TIMEOUT).await else {
            panic!("no answer")
        };
        let took = began.elapsed();
        assert_eq!(status(&answer), 200, "{answer}");
        took
    }
}

struct Run {
    first: Duration,
    warm: Duration,
    resident_first: u64,
    resident_last: u64,
}

fn event(identifier: &str) -> String {
    let file = std::fs::read_to_string(root().join("events/http-api-v2.json")).unwrap();
    let mut event: Value = serde_json::from_str(&file).unwrap();
    event["rawQueryString"] = json!(format!("identifier={identifier}"));
    event["headers"]["token"] = json!(TOKEN);
    event.to_string()
}

fn status(answer: &str) -> u64 {
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["statusCode"].as_u64().unwrap()
}

/// As it is uploaded: deflated, one file.
fn zipped(binary: &Path) -> u64 {
    let zip = std::env::temp_dir().join(format!("leave-group-bench-{}.zip", std::process::id()));
    let zipped =
        Command::new("python3").args(["-m", "zipfile", "-c"]).arg(&zip).arg(binary).status();
    assert!(zipped.unwrap().success());
    let size = std::fs::metadata(&zip).unwrap().len();
    std::fs::remove_file(zip).unwrap();
    size
}

/// Resident set, from the kernel.
fn resident_bytes(function: &Function) -> u64 {
    let file = format!("/proc/{}/status", function.id().unwrap());
    let status = std::fs::read_to_string(file).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: u64) -> String {
    format!("{:.2} MB", bytes as f64 / 1_000_000.0)
}

#[allow(clippy::cast_precision_loss)]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}
