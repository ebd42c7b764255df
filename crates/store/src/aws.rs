//! How AWS is called: one HTTP client, region and credentials out of the
//! environment, and timeouts that fit a request.
//!
//! No `aws-config`: Lambda hands the credentials over in the environment, and
//! looking for them elsewhere costs start-up time and weight.

mod connector;
mod setting;

use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;

pub use aws_sdk_dynamodb::config::SharedHttpClient as HttpClient;
pub use connector::https_client;
pub use setting::Aws;

/// Attempts of one call, the first included.
const ATTEMPTS: u32 = 3;
/// Longest time of one attempt. DynamoDB and KMS answer in tens of milliseconds;
/// what takes longer is lost more often than late.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// First wait between attempts; the SDK doubles it and adds jitter.
pub(crate) const FIRST_BACKOFF: Duration = Duration::from_millis(30);

/// What every client has in common. It names no service's endpoint.
#[derive(Clone)]
pub struct Sdk(pub(crate) SdkConfig);

impl fmt::Debug for Sdk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sdk(…)")
    }
}

/// What every client of ours has in common: region, credentials and HTTP client, with
/// this function's timeouts and retries, since the SDK's own are too long for a request
/// path.
pub fn sdk_config(aws: &Aws, http: HttpClient) -> Sdk {
    let credentials = Credentials::new(
        aws.access_key_id.clone(),
        aws.secret_access_key.as_str(),
        aws.session_token.as_ref().map(|token| token.to_string()),
        None,
        "environment",
    );
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(connector::CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .build();
    let retries =
        RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF);
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(aws.region.clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .retry_config(retries)
        .timeout_config(timeouts);
    Sdk(sdk.build())
}
