//! The demonstration data of `leavectl up`: one account, two instances, tokens
//! and groups. A restart on the same data folder finds it again.

mod instances;

use domain::credentials::{Credentials, DeviceJid};
use domain::tenant::{AccountId, InstanceId, InstanceName};
use domain::token::Scope;
use domain::token::Token;
use ring::rand::{SecureRandom, SystemRandom};
use store::gate::DEFAULT_LIMIT;
use whatsapp_simulator::Simulator;
use zeroize::Zeroizing;

use self::instances::{INSTANCES, Instance, groups, simulated};
use crate::backends::Backends;
use crate::error::StackError;
use crate::provision::Provisioner;

/// The account of the demonstration.
const ACCOUNT: &str = "acme";
/// The token in the files of `events/`. Anyone can read it, so it is known to the
/// embedded database only, never to one that was given.
const EXAMPLE_TOKEN: &str = "leave-group-example-token-0001";

/// What was seeded, with its secrets: for the one who starts the stack.
#[derive(Debug, Clone)]
pub struct Seeded {
    /// The account's id.
    pub account: String,
    /// A token for every instance of the account.
    pub account_token: String,
    /// Its instances.
    pub instances: Vec<SeededInstance>,
}

/// One seeded instance.
#[derive(Debug, Clone)]
pub struct SeededInstance {
    /// Its name.
    pub name: String,
    /// Its device's own JID.
    pub jid: String,
    /// A token for this instance alone.
    pub token: String,
    /// The Noise static private key in hex.
    pub noise_key: String,
    /// The groups that it is in.
    pub groups: Vec<SeededGroup>,
}

/// One seeded group.
#[derive(Debug, Clone)]
pub struct SeededGroup {
    /// Its JID.
    pub jid: String,
    /// Its subject.
    pub subject: String,
    /// An invite code that leads to it.
    pub invite: String,
    /// `group`, `community`, `subgroup` or `announcement`.
    pub kind: &'static str,
}

/// Seeds `backends`, or finds what an earlier run seeded.
///
/// # Errors
/// [`StackError`].
pub async fn seed(backends: &Backends) -> Result<Seeded, StackError> {
    let provisioner = backends.provisioner()?;
    let account: AccountId = parsed(ACCOUNT)?;
    let account_token = backends.derived_token("account");
    let token = token(&account_token)?;
    let is_new = !provisioner.knows_token(token.hash()).await?;
    provisioner.account(&account).await?;
    let mut instances = Vec::new();
    for instance in &INSTANCES {
        instances.push(seed_instance(backends, &provisioner, &account, instance, is_new).await?);
    }
    if backends.has_own_database() {
        let example = self::token(EXAMPLE_TOKEN)?;
        let note = Some("example token of events/");
        let scope = Scope::Account;
        provisioner.noted_token(&example, &account, &scope, DEFAULT_LIMIT, note).await?;
    }
    // Last: it marks the seed as complete.
    if is_new {
        let note = Some("seeded by leavectl up");
        let scope = Scope::Account;
        provisioner.noted_token(&token, &account, &scope, DEFAULT_LIMIT, note).await?;
    }
    Ok(Seeded { account: ACCOUNT.to_owned(), account_token, instances })
}

async fn seed_instance(
    backends: &Backends,
    provisioner: &Provisioner,
    account: &AccountId,
    seed: &Instance,
    is_new: bool,
) -> Result<SeededInstance, StackError> {
    let name: InstanceName = parsed(seed.name)?;
    let id = InstanceId { account: account.clone(), name: name.clone() };
    let instance_token = backends.derived_token(&format!("instance {name}"));
    let groups = groups(seed)?;
    let stored = if is_new { None } else { provisioner.credentials(&id).await? };
    let credentials = if let Some(credentials) = stored {
        credentials
    } else {
        let credentials = device(backends.simulator(), seed.phone)?;
        provisioner.linked(&id, &credentials).await?;
        let scope = Scope::Instance(name.clone());
        let note = format!("seeded by leavectl up for {name}");
        let token = token(&instance_token)?;
        provisioner.noted_token(&token, account, &scope, DEFAULT_LIMIT, Some(&note)).await?;
        for (group, seed_group) in &groups {
            if let Some(simulator) = backends.simulator() {
                simulator.create_group(simulated(seed_group, seed.phone));
            }
            provisioner.synced_group(&id, group, Some(seed_group.subject)).await?;
        }
        credentials
    };
    let phone = seed.phone.to_string();
    let is_in =
        |jid: &str| backends.simulator().is_none_or(|simulator| simulator.is_member(jid, &phone));
    Ok(SeededInstance {
        name: seed.name.to_owned(),
        jid: credentials.device.to_string(),
        token: instance_token,
        noise_key: hex::encode(credentials.noise_private_key.as_slice()),
        groups: groups
            .iter()
            .filter(|(group, _)| is_in(group.jid.as_str()))
            .map(|(group, seed)| SeededGroup {
                jid: group.jid.to_string(),
                subject: seed.subject.to_owned(),
                invite: seed.invite.to_owned(),
                kind: group.kind.name(),
            })
            .collect(),
    })
}

/// A device of the simulated WhatsApp, or a fresh key for another one to know.
fn device(simulator: Option<&Simulator>, phone: u64) -> Result<Credentials, StackError> {
    if let Some(simulator) = simulator {
        let device = simulator.link_device(&phone.to_string());
        return Ok(Credentials {
            noise_private_key: Zeroizing::new(device.noise_private_key),
            device: parsed(&device.jid)?,
            lid: Some(device.lid.clone()),
            proxy: None,
        });
    }
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new()
        .fill(key.as_mut_slice())
        .map_err(|_| StackError::Database("no randomness".to_owned()))?;
    let device: DeviceJid = parsed(&format!("{phone}:1@s.whatsapp.net"))?;
    Ok(Credentials { noise_private_key: key, device, lid: None, proxy: None })
}

/// Seeds are constants: one that does not parse is our own mistake, told as one.
fn parsed<T: std::str::FromStr>(text: &str) -> Result<T, StackError> {
    text.parse().map_err(|_| StackError::Database(format!("the seed {text} does not parse")))
}

fn token(text: &str) -> Result<Token, StackError> {
    Token::new(text).map_err(|error| StackError::Database(error.to_string()))
}
