//! What operators do, each on a machine of its own, beside the function and under the same
//! troubles.

use std::sync::Arc;
use std::time::Duration;

use domain::clock::{Budget, SystemClock};
use domain::credentials::Credentials;
use domain::proxy::Proxy;
use domain::tenant::InstanceId;
use linking::{Event, Method, Timing};
use operation::check::{self, When};
use operation::connection::try_login;
use operator::{Operator, OperatorError};
use whatsapp_simulator::Simulator;

use super::Director;
use crate::machine::{Machine, Riding};
use crate::network::PROXY_HOST;
use crate::oracle::server;
use crate::stand::Stand;
use crate::steps::{Act, Hand};
use crate::tokens::Tokens;
use crate::world::{Broken, Devices, INSTANCES, credentials};

/// What an act came to: in words, and whether it was done.
type Came = Result<String, String>;

/// One operator at one instance.
pub(super) struct Hands {
    operator: Operator,
    chat: Simulator,
    tokens: Tokens,
    devices: Devices,
    id: InstanceId,
    instance: usize,
}

impl Director {
    /// An operator begins.
    pub(super) fn operate(&mut self, instance: usize, act: Act, hand: &Hand) -> Result<(), Broken> {
        for fault in &hand.server {
            self.script(fault);
        }
        let trouble = hand.trouble;
        let odd: Vec<_> = hand.server.iter().map(server).collect();
        let machine = self.world.hand(hand);
        let hands = self.hands(instance, &machine)?;
        let stood = Stand::of(&self.world, instance).name();
        machine.begin(trouble.outage);
        let visit = self.oracle.visit(instance, Some(act));
        let (oracle, trace) = (self.oracle.clone(), self.trace.clone());
        // Progress that is shown need not be sent to another thread.
        self.under_way.push(tokio::task::spawn_local(async move {
            let acting = async { hands.act(act).await };
            let came = Riding::new(&machine, trouble, acting).await;
            trace.note(|| format!("    {act:?}: {came:?}"));
            let mut seen = machine.seen();
            seen.met.extend(odd);
            seen.met.extend(trouble.freeze.map(|_| "freeze"));
            oracle.operated(act, stood, came.as_ref(), &seen);
            if act == Act::LinkByQr {
                oracle.linking(&machine.seen());
            }
            oracle.visited(visit, Some(act), matches!(came, Some(Ok(_))));
        }));
        Ok(())
    }

    /// An operator at an instance.
    pub(super) fn hands(&self, instance: usize, machine: &Machine) -> Result<Hands, Broken> {
        let (account, name, _) = INSTANCES[instance];
        Ok(Hands {
            operator: self.world.operator(machine)?,
            chat: self.world.chat.clone(),
            tokens: self.world.tokens.clone(),
            devices: self.world.devices.clone(),
            id: InstanceId { account: account.parse()?, name: name.parse()? },
            instance,
        })
    }
}

fn told<T>(done: Result<T, OperatorError>, words: impl FnOnce(T) -> String) -> Came {
    done.map(words).map_err(|error| error.to_string())
}

impl Hands {
    pub(super) fn operator(&self) -> &Operator {
        &self.operator
    }

    pub(super) fn id(&self) -> &InstanceId {
        &self.id
    }

    async fn act(&self, act: Act) -> Came {
        let (operator, id) = (&self.operator, &self.id);
        match act {
            Act::Sync => told(operator.sync_roster(id).await, |synced| format!("{synced:?}")),
            Act::Rotate => told(operator.rotate_key(&mut |_, _| {}).await, |it| it.key_id),
            Act::Prune => told(operator.prune_keys().await, |_| "pruned".to_owned()),
            Act::SetProxy(through) => {
                let proxy = through.then(|| format!("http://{PROXY_HOST}:3128"));
                let proxy: Option<Proxy> = proxy.and_then(|proxy| proxy.parse().ok());
                told(operator.set_proxy(id, proxy.as_ref()).await, |()| format!("{through}"))
            }
            Act::Check => {
                let budget = Budget::of(Duration::from_secs(25));
                Ok(check::one(operator.engine(), id, When::Always, budget).await.name().to_owned())
            }
            Act::Relink => self.link().await,
            Act::Import => {
                let device = self.new_device()?;
                let tried = operator.verify(id, &device).await;
                told(tried, |()| String::new())?;
                self.store(&device).await
            }
            Act::LinkByQr => self.link_by_qr().await,
            Act::Delete => self.delete().await,
            Act::DeleteAndLink => {
                let deleted = self.delete().await;
                let linked = self.link().await;
                let renewed = self.renew().await;
                Ok(format!("{}, {}, {}", deleted?, linked?, renewed?))
            }
            Act::Unblock => match operator.block(id).await {
                Ok(Some(block)) => {
                    told(operator.unblock(id, block).await, |()| "lifted".to_owned())
                }
                Ok(None) => Ok("not blocked".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Act::RenewToken => self.renew().await,
        }
    }

    async fn delete(&self) -> Came {
        let changes = self.tokens.changes(self.instance);
        let deleting = self.tokens.deleting(self.instance);
        let deleted = self.operator.delete_instance(&self.id).await;
        drop(deleting);
        if deleted.is_ok() {
            self.tokens.deleted(self.instance, changes);
        }
        told(deleted, |it| format!("{} rows", it.rows))
    }

    /// Logs in as another program that has the device, and hangs up.
    pub(super) async fn intrude(&self) {
        if let Some(device) = self.devices.of(self.instance) {
            let budget = Budget::of(Duration::from_secs(20));
            let _ = Box::pin(try_login(self.operator.engine(), &device, budget)).await;
        }
    }

    async fn renew(&self) -> Came {
        let renewed = self.tokens.renew(&self.operator, &self.id, self.instance).await;
        told(renewed, |()| "a new token".to_owned())
    }

    /// Takes the phone's devices off it, and puts another one on.
    fn new_device(&self) -> Result<Arc<Credentials>, String> {
        self.unlink_all();
        let (.., phone) = INSTANCES[self.instance];
        let device =
            credentials(self.chat.link_device(phone)).map_err(|error| error.to_string())?;
        let device = Arc::new(device);
        self.devices.is(self.instance, Arc::clone(&device));
        Ok(device)
    }

    fn unlink_all(&self) {
        let (.., phone) = INSTANCES[self.instance];
        for device in self.chat.phone(phone).companions() {
            self.chat.unlink_device(&device);
        }
    }

    async fn store(&self, device: &Credentials) -> Came {
        let stored = self.operator.store_linked(&self.id, device).await;
        told(stored, |stored| format!("{stored:?} {}", device.device))
    }

    /// A new device of the same phone, in place of the old one.
    pub(super) async fn link(&self) -> Came {
        let device = self.new_device()?;
        self.store(&device).await
    }

    /// The phone scans a QR code; the device is stored, and logs in for the first time.
    async fn link_by_qr(&self) -> Came {
        self.unlink_all();
        let engine = self.operator.engine();
        let (clock, timing) = (Arc::new(SystemClock::new()), Timing::default());
        let (.., phone) = INSTANCES[self.instance];
        let phone = self.chat.phone(phone);
        let scanned = |event: Event<'_>| {
            if let Event::Qr { text, number: 1, .. } = event {
                let (phone, text) = (phone.clone(), text.to_owned());
                tokio::spawn(async move { phone.scan(&text).await.map(|_| ()) });
            }
        };
        let dialer = &engine.dialer;
        let pairing = linking::pair(dialer, clock.as_ref(), Method::Qr, &timing, scanned);
        let paired = Box::pin(pairing).await.map_err(|error| error.to_string())?;
        let stored = self.store(&paired.credentials).await?;
        let finishing = paired.finish(dialer, clock.as_ref(), &timing, || true, |_| {});
        let finished = Box::pin(finishing).await;
        Ok(format!("{stored}, {finished:?}"))
    }
}
