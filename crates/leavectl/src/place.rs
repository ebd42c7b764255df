//! Which table, which keys, which WhatsApp: the function's own environment
//! variables. Region and credentials that are not among them come from AWS's
//! default chain, resolved once.

use std::collections::HashMap;
use std::sync::Arc;

use aws_config::Region;
use aws_sdk_dynamodb::config::{BehaviorVersion, ProvideCredentials, SharedHttpClient};
use domain::clock::{Clock, SystemClock};
use domain::problem::Problem;
use operation::config::Config;
use operation::engine::http_client;
use operator::{Operator, OperatorError};

use crate::failure::Failure;

const REGION: &str = "AWS_REGION";
const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const SESSION: &str = "AWS_SESSION_TOKEN";

/// What to do where nothing says where to work.
pub(crate) const STACK_HINT: &str = "\
Set it as the function has it. For a stack on this machine: `leavectl up --data ./stack` in another \
terminal, and here `eval \"$(leavectl env --data ./stack)\"`";

/// Variables that are needed and not set, all at once.
#[derive(Debug, thiserror::Error)]
#[error("not set:{}\n{}", lines(.0), STACK_HINT.replacen("it", "them", 1))]
pub(crate) struct Unset(Vec<(&'static str, &'static str)>);

fn lines(unset: &[(&'static str, &'static str)]) -> String {
    let lines = unset.iter().map(|(name, what)| format!("\n  {name:<17}  {what}"));
    lines.collect::<Vec<_>>().concat()
}

/// What is missing, as far as the environment tells. Region and credentials can come from
/// elsewhere; where more is missing, they are named with it.
fn all_set() -> Result<(), Unset> {
    let mut unset = Vec::new();
    if variable("TABLE_NAME").is_none() {
        unset.push(("TABLE_NAME", "the DynamoDB table"));
    }
    if variable("SEALING_KEY_ARN").is_none() && variable("SEALING_KEY").is_none() {
        unset.push((
            "SEALING_KEY_ARN",
            "the KMS key that wraps the data keys; or SEALING_KEY, 32 bytes in base64",
        ));
    }
    if unset.is_empty() {
        return Ok(());
    }
    if !is_local() {
        if region().is_none() {
            unset.push((REGION, "the region, unless a profile has it"));
        }
        if variable(ID).is_none() && variable("AWS_PROFILE").is_none() {
            unset.push((
                ID,
                "and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, unless AWS's chain has them",
            ));
        }
    }
    Err(Unset(unset))
}

/// What to look at when it does not answer: on this machine, a stack that has ended.
pub(crate) fn hint(error: &OperatorError) -> &'static str {
    match error {
        OperatorError::Unreachable(_) => stack_hint(is_local()),
        error => whatsapp_hint(error.is_unreachable_whatsapp() && !error.is_proxys()),
    }
}

/// The same where `is_unreachable` says that WhatsApp does not answer.
pub(crate) fn whatsapp_hint(is_unreachable: bool) -> &'static str {
    stack_hint(is_unreachable && is_loopback(variable("WHATSAPP_URL")))
}

/// The same for answers of the function's own operation, which know no machine.
pub(crate) fn hint_of_answers(problems: impl Iterator<Item = Option<Problem>>) -> &'static str {
    let mut hint = "";
    for problem in problems {
        hint = match problem {
            Some(Problem::Unavailable) => stack_hint(is_local()),
            Some(Problem::WhatsAppUnavailable) => whatsapp_hint(true),
            _ => hint,
        };
    }
    hint
}

fn stack_hint(is_stack: bool) -> &'static str {
    if is_stack {
        "\nIt is to be on this machine: does `leavectl up` still run? After a new start take its \
         variables anew: `eval \"$(leavectl env --data DIR)\"`"
    } else {
        ""
    }
}

/// An operator for the place that the environment names.
pub(crate) async fn operator() -> Result<Operator, Failure> {
    operator_on(Arc::new(SystemClock::new())).await
}

/// The same on a given clock.
pub(crate) async fn operator_on(clock: Arc<dyn Clock>) -> Result<Operator, Failure> {
    Ok(Operator::new(&config().await?, clock)?)
}

/// The function's configuration, as the environment and AWS's chain have it.
pub(crate) async fn config() -> Result<Config, Failure> {
    all_set()?;
    let resolved = resolve().await?;
    Ok(Config::from_lookup(|name| resolved.get(name).cloned().or_else(|| variable(name)))?)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn region() -> Option<String> {
    variable(REGION).or_else(|| variable("AWS_DEFAULT_REGION"))
}

/// What has to be found elsewhere than in the environment.
async fn resolve() -> Result<HashMap<&'static str, String>, Failure> {
    let mut found = HashMap::new();
    let region = region();
    let has_credentials = variable(ID).is_some() && variable(SECRET).is_some();
    if is_local() {
        // A DynamoDB on this machine asks nobody who they are.
        found.insert(REGION, region.unwrap_or_else(|| "eu-west-1".to_owned()));
        if !has_credentials {
            found.extend([(ID, "local".to_owned()), (SECRET, "local".to_owned())]);
        }
        return Ok(found);
    }
    if let (Some(region), true) = (&region, has_credentials) {
        found.insert(REGION, region.clone());
        return Ok(found);
    }
    let chain =
        aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http()?).load().await;
    let region = region.or_else(|| chain.region().map(Region::to_string)).ok_or(Failure::Aws {
        what: "region",
        why: "neither the environment nor a profile names one".to_owned(),
        variables: "AWS_REGION",
    })?;
    found.insert(REGION, region);
    if has_credentials {
        return Ok(found);
    }
    let none = |why: String| Failure::Aws {
        what: "credentials",
        why,
        variables: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    };
    let provider =
        chain.credentials_provider().ok_or_else(|| none("no provider is there".to_owned()))?;
    let credentials =
        provider.provide_credentials().await.map_err(|error| none(error.to_string()))?;
    found.insert(ID, credentials.access_key_id().to_owned());
    found.insert(SECRET, credentials.secret_access_key().to_owned());
    // Empty counts as not set: a token of the environment is not of these credentials.
    found.insert(SESSION, credentials.session_token().unwrap_or_default().to_owned());
    Ok(found)
}

/// The function's HTTP client: the chain brings no TLS of its own.
fn http() -> Result<SharedHttpClient, Failure> {
    Ok(http_client()?)
}

fn is_local() -> bool {
    is_loopback(variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL")))
}

fn is_loopback(url: Option<String>) -> bool {
    url.is_some_and(|url| {
        let host = url.split("://").nth(1).unwrap_or_default();
        ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|local| host.starts_with(local))
    })
}
