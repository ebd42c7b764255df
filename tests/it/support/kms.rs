//! A real KMS protocol on this machine: ministack, out of the Python registry,
//! in an environment of its own below the target folder.

use operation::engine::http_client;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use aws_sdk_kms::config::{BehaviorVersion, Builder, Credentials, Region};
use leave_group::config::Config;

const MINISTACK: &str = "ministack==1.5.33";
/// Tests of one process install it once.
static INSTALLING: Mutex<()> = Mutex::new(());

/// A running KMS; it ends with this value.
pub struct Kms {
    server: Child,
    pub url: String,
    pub client: aws_sdk_kms::Client,
    /// The ARN of a key in it.
    pub key: String,
}

impl Kms {
    /// Starts it with one key. `config` gives region and credentials.
    pub async fn start(config: &Config) -> Self {
        let program = installed();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Command::new(program)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("SERVICES", "kms")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let aws = &config.operation.aws;
        let (id, secret) = (aws.access_key_id.as_str(), aws.secret_access_key.as_str());
        let sdk = Builder::new()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(aws.region.clone()))
            .credentials_provider(Credentials::new(id, secret, None, None, "configuration"))
            .http_client(http_client().unwrap())
            .endpoint_url(&url);
        let client = aws_sdk_kms::Client::from_conf(sdk.build());
        let mut kms = Self { server, url, client, key: String::new() };
        kms.key = kms.create_key().await;
        kms
    }

    async fn create_key(&mut self) -> String {
        loop {
            if let Ok(created) = self.client.create_key().send().await {
                return created.key_metadata().unwrap().arn().unwrap().to_owned();
            }
            assert!(self.server.try_wait().unwrap().is_none(), "the key service did not start");
        }
    }
}

impl Drop for Kms {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn installed() -> PathBuf {
    let _one = INSTALLING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ministack-1.5.33");
    let program = folder.join("bin/ministack");
    if !program.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        let pip = folder.join("bin/pip");
        run(Command::new(pip).args(["install", "--quiet", MINISTACK]));
    }
    program
}

fn run(command: &mut Command) {
    let output = command.output().expect("Python 3 with venv is needed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
