//! What a world begins with: accounts, tokens, instances, groups; and the machines in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::clock::SystemClock;
use domain::credentials::Credentials;
use domain::tenant::{AccountId, InstanceId};
use domain::token::Scope;
use leave_group::config::Config;
use leave_group::service::Service;
use operation::engine::Ports;
use operator::tokens::TokenRequest;
use operator::{Operator, schema};
use whatsapp_simulator::{Device, GroupKind, NewGroup, Rank, Simulator, World as Chat};
use zeroize::Zeroizing;

use crate::database::Dynamo;
use crate::fate::Fates;
use crate::lines::Lines;
use crate::machine::Machine;
use crate::network::Net;
use crate::steps::Hand;
use crate::tokens::{NO_LIMIT, Tokens};
use crate::trace::Trace;
use crate::weights::Weights;

/// Why a world could not begin: a fault of its own, told as one.
pub(crate) type Broken = Box<dyn std::error::Error + Send + Sync>;

/// Who owns the groups.
pub(crate) const OWNER: &str = "5511988880000";
pub(crate) const PLAIN: [&str; 3] =
    ["120363401000000001@g.us", "120363401000000002@g.us", "5511999990000-1600000000@g.us"];
pub(crate) const COMMUNITY: &str = "120363401000000010@g.us";
pub(crate) const ANNOUNCEMENT: &str = "120363401000000011@g.us";
pub(crate) const SUBGROUPS: [&str; 2] = ["120363401000000012@g.us", "120363401000000013@g.us"];
/// A group that there is not.
pub(crate) const NOWHERE: &str = "120363401000000099@g.us";
/// A plain group that can become one of the community's.
pub(crate) const ATTACHED: &str = PLAIN[1];

/// Every group, with the code of its invite.
pub(crate) fn groups() -> impl Iterator<Item = (&'static str, String)> {
    let all = PLAIN.into_iter().chain([COMMUNITY, ANNOUNCEMENT]).chain(SUBGROUPS);
    all.enumerate().map(|(number, jid)| (jid, format!("InviteCodeOfGroup{number:02}AAA")))
}

/// The instances: account, name, phone.
pub(crate) const INSTANCES: [(&str, &str, &str); 3] = [
    ("acme", "sales", "5511999990001"),
    ("acme", "support", "5511999990002"),
    ("other", "sales", "5511999990003"),
];

/// Everything that machines share, and the way to make them.
pub(crate) struct World {
    pub(crate) dynamo: Dynamo,
    pub(crate) net: Net,
    pub(crate) chat: Simulator,
    environment: BTreeMap<String, String>,
    pub(crate) tokens: Tokens,
    pub(crate) devices: Devices,
    pub(crate) lines: Lines,
    machines: u64,
}

impl World {
    /// Makes a table, a WhatsApp, and what is in them. Nothing befalls anything meanwhile.
    pub(crate) async fn begin(
        fates: &Fates,
        weights: &Weights,
        trace: &Trace,
        synced: [bool; 3],
    ) -> Result<Self, Broken> {
        let chat = Simulator::detached(Chat::new());
        let dynamo = Dynamo::new(fates.clone(), weights.clone(), trace.clone())?;
        let net = Net::new(chat.clone(), fates.clone(), weights.clone(), trace.clone());
        let environment = [
            ("TABLE_NAME", "leave-group".to_owned()),
            ("AWS_REGION", "eu-west-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:8000".to_owned()),
            ("SEALING_KEY", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned()),
            ("WHATSAPP_URL", chat.url()),
            ("WHATSAPP_ROOT_KEY", hex::encode(chat.root_key())),
        ];
        let environment =
            environment.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let (tokens, lines) = (Tokens::default(), Lines::default());
        let devices = Devices::default();
        let world = Self { dynamo, net, chat, environment, tokens, devices, lines, machines: 0 };
        world.make_groups();
        let operator = world.operator(&Machine::new(0, 0))?;
        operator.create_table(&schema::of_template()?).await?;
        for (index, (account, name, phone)) in INSTANCES.into_iter().enumerate() {
            let id: AccountId = account.parse()?;
            if !world.tokens.knows(account) {
                operator.create_account(&id, None).await?;
                let request = TokenRequest {
                    account: &id,
                    scope: &Scope::Account,
                    per_minute: NO_LIMIT,
                    note: None,
                    valid_until: None,
                };
                let issued = operator.issue_token(&request).await?;
                world.tokens.of_account(account, issued.secret.to_string());
            }
            let instance = InstanceId { account: id, name: name.parse()? };
            let device = credentials(world.chat.link_device(phone))?;
            operator.store_linked(&instance, &device).await?;
            world.devices.is(index, Arc::new(device));
            world.tokens.renew(&operator, &instance, index).await?;
            if synced[index] {
                operator.sync_roster(&instance).await?;
            }
        }
        world.rest().await;
        Ok(world)
    }

    fn make_groups(&self) {
        let parent = || COMMUNITY.to_owned();
        for (jid, code) in groups() {
            let kind = match jid {
                COMMUNITY => GroupKind::Community,
                ANNOUNCEMENT => GroupKind::Announcement { parent: parent() },
                _ if SUBGROUPS.contains(&jid) => GroupKind::Subgroup { parent: parent() },
                _ => GroupKind::Group,
            };
            let group = NewGroup::new("Group").jid(jid).kind(kind).invite(&code);
            let group = group.member(OWNER, Rank::Superadmin);
            let group = INSTANCES
                .into_iter()
                .fold(group, |group, (.., phone)| group.member(phone, Rank::Member));
            self.chat.create_group(group);
        }
    }

    fn config(&self) -> Result<Config, Broken> {
        Ok(Config::from_lookup(|name| self.environment.get(name).cloned())?)
    }

    fn ports(&self, machine: &Machine) -> Ports {
        Ports { http: self.dynamo.port(machine), network: self.net.port(machine) }
    }

    /// An operator on a machine.
    pub(crate) fn operator(&self, machine: &Machine) -> Result<Operator, Broken> {
        let (config, clock) = (self.config()?, Arc::new(SystemClock::new()));
        Ok(Operator::through(&config.operation, clock, self.ports(machine))?)
    }

    /// An environment of the function on a new machine.
    pub(crate) fn environment(&mut self, skew: i64) -> Result<(Machine, Arc<Service>), Broken> {
        self.machines += 1;
        let machine = Machine::new(self.machines, skew);
        let clock = Arc::new(SystemClock::new());
        let service = Service::through(&self.config()?, clock, self.ports(&machine))?;
        Ok((machine, Arc::new(service.reporting(self.lines.reporter()))))
    }

    /// A machine of an operator's, which is used once.
    pub(crate) fn hand(&mut self, hand: &Hand) -> Machine {
        self.machines += 1;
        let machine = Machine::new(self.machines, hand.skew).operators();
        if hand.is_calm { machine.calm() } else { machine }
    }

    /// Waits until everything that was sent has arrived.
    pub(crate) async fn rest(&self) {
        self.dynamo.rest().await;
        while INSTANCES.into_iter().any(|(.., phone)| self.has_sockets(phone)) {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.dynamo.rest().await;
    }

    fn has_sockets(&self, phone: &str) -> bool {
        let devices = self.chat.phone(phone).companions();
        self.chat.look(|record| devices.iter().any(|device| record.open_sockets(device) > 0))
    }
}

/// The device of each instance that was linked last, for other programs that have it too.
#[derive(Clone, Default)]
pub(crate) struct Devices(Arc<Mutex<BTreeMap<usize, Arc<Credentials>>>>);

impl Devices {
    pub(crate) fn is(&self, instance: usize, device: Arc<Credentials>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(instance, device);
    }

    pub(crate) fn of(&self, instance: usize) -> Option<Arc<Credentials>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&instance).cloned()
    }
}

/// A device's credentials, as linking stores them.
pub(crate) fn credentials(device: Device) -> Result<Credentials, Broken> {
    Ok(Credentials {
        noise_private_key: Zeroizing::new(device.noise_private_key),
        device: device.jid.parse()?,
        lid: Some(device.lid),
        proxy: None,
    })
}
