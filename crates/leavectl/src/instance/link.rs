//! `leavectl instance link`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use leave_group::clock::{Budget, SystemClock};
use leave_group::connection::CLOSING;
use leave_group::session::{SessionEnd, Settlement};
use leave_group::tenant::InstanceId;
use leave_group::whatsapp::{Dialer, Gone};
use linking::{Event, FirstLogin, Method, Paired, PhoneNumber, Timing, Unfinished};
use operator::link::Stored;
use operator::{Operator, OperatorError};
use serde_json::json;

use super::{Named, set_proxy};
use crate::failure::Failure;
use crate::{output, place, qr};

/// Longest first login: it runs under the session's lease, which lasts no longer.
const FIRST_LOGIN: Duration = Duration::from_secs(23);
/// The whole lease.
const LEASE: Duration = Duration::from_secs(25);

/// Link a new device of our own to a phone, by QR code or by an 8-character code
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance link acme sales
  leavectl instance link acme sales --png code.png
  leavectl instance link acme sales --phone +5511999990001

On the phone: Settings, Linked devices, Link a device. WhatsApp allows four.")]
pub(crate) struct Link {
    #[command(flatten)]
    named: Named,
    /// Show a code to enter on the phone of this number, in place of a QR code
    #[arg(long, value_name = "NUMBER", conflicts_with = "png")]
    phone: Option<PhoneNumber>,
    /// Write the QR code to this file too, anew as WhatsApp changes it
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Connect through this proxy, now and later; - reads it from stdin
    #[arg(long, value_name = "URL", value_parser = set_proxy::proxy)]
    proxy: Option<set_proxy::Given>,
    /// Print one JSON object for each event, for programs that show the code themselves
    #[arg(long)]
    json: bool,
}

impl Link {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        operator.account(&id.account).await?;
        let proxy = match &self.proxy {
            Some(proxy) => Some(proxy.clone().read()?),
            None => super::kept_proxy(&operator, &id).await?,
        };
        let version = operator.service().versions.current(Budget::of(LEASE)).await;
        let dialer = operator.service().dialer.through(proxy.as_ref()).showing(version);
        let method = match &self.phone {
            Some(phone) => Method::Code { phone: phone.clone() },
            None => Method::Qr,
        };
        let clock = SystemClock::new();
        let timing = Timing::default();
        let mut told = Ok(());
        let pairing = linking::pair(&dialer, &clock, method, &timing, |event| {
            let shown = self.show(&event);
            if told.is_ok() {
                told = shown;
            }
        });
        let mut paired = pairing.await?;
        told?;
        paired.credentials.proxy = proxy;
        // Before the first login: the phone shows the device already.
        let stored = match operator.store_linked(&id, &paired.credentials).await {
            Ok(stored) => stored,
            Err(error) => return Err(self.take_back(&operator, &dialer, &paired, error).await),
        };
        let finished = self.finish(&operator, &dialer, &id, &paired).await?;
        self.conclude(&id, &paired, stored, finished)
    }

    fn show(&self, event: &Event<'_>) -> Result<(), Failure> {
        if let (Event::Qr { text, .. }, Some(file)) = (event, &self.png) {
            qr::write_png(text, file)?;
        }
        if self.json {
            return match as_json(event) {
                Some(event) => output::json(&event),
                None => Ok(()),
            };
        }
        match event {
            Event::Qr { text, valid_for, number, of } => {
                output::line(&qr::for_terminal(text)?)?;
                output::note(&format!(
                    "Scan it within {} s (code {number} of {of}): Settings, Linked devices, Link a device.",
                    seconds(*valid_for)
                ));
            }
            Event::Code { code, valid_for, number, of } => {
                let (first, second) = code.split_at(code.len() / 2);
                output::line(&format!("{first}-{second}"))?;
                output::note(&format!(
                    "Enter it within {} s (code {number} of {of}): Settings, Linked devices, Link a \
                     device, Link with phone number instead.",
                    seconds(*valid_for)
                ));
            }
            Event::Refreshed => output::note("WhatsApp changed the code; a new one follows."),
            Event::Entered => output::note("The phone has entered the code."),
            Event::Paired { jid } => output::note(&format!("The phone has taken device {jid}.")),
            _ => {}
        }
        Ok(())
    }

    /// The phone has a device that cannot be stored: it is unlinked again.
    async fn take_back(
        &self,
        operator: &Operator,
        dialer: &Dialer,
        paired: &Paired,
        error: OperatorError,
    ) -> Failure {
        let budget = Budget::of(LEASE);
        let device = &paired.credentials.device;
        let login = match dialer.greet(budget, operator.now()).await {
            Ok(greeted) => greeted.login(&paired.credentials, budget, || true).await.ok(),
            Err(_) => None,
        };
        let is_gone = match login {
            Some(online) => linking::unlink(online, device, &Timing::default()).await.is_ok(),
            None => false,
        };
        let rest = if is_gone {
            "The new device was unlinked again.".to_owned()
        } else {
            format!("Unlink device {device} on the phone: nothing knows its key.")
        };
        Failure::Refused(format!("{error}\n{rest}"))
    }

    /// The first login, under the lease: a leave must not open a second socket.
    async fn finish(
        &self,
        operator: &Operator,
        dialer: &Dialer,
        id: &InstanceId,
        paired: &Paired,
    ) -> Result<Option<Unfinished>, Failure> {
        let budget = Budget::of(LEASE);
        let acquired = operator.service().sessions.acquire(id, &[], budget).await;
        let leased = acquired.map_err(|error| OperatorError::of_acquire(id, error))?;
        let timing = Timing { finish: FIRST_LOGIN, ..Timing::default() };
        let clock = SystemClock::new();
        let mut told = Ok(());
        let finishing = paired.finish(dialer, &clock, &timing, |event| {
            let shown = self.show(&event);
            if told.is_ok() {
                told = shown;
            }
        });
        let unfinished = finishing.await.err();
        let session = match &unfinished {
            None => SessionEnd::Online,
            Some(Unfinished::LoggedOut) => SessionEnd::LoggedOut(Gone::Unlinked),
            Some(_) => SessionEnd::Unchanged,
        };
        let settlement = Settlement { session, ..Settlement::default() };
        // What is not settled ends with the lease.
        let settled = leased.settle(settlement, Budget::of(CLOSING * 10)).await;
        if let Err(error) = settled {
            output::note(&format!("The lease is not released ({error}); it ends by itself."));
        }
        told?;
        Ok(unfinished)
    }

    fn conclude(
        &self,
        id: &InstanceId,
        paired: &Paired,
        stored: Stored,
        unfinished: Option<Unfinished>,
    ) -> Result<(), Failure> {
        let device = &paired.credentials.device;
        if unfinished == Some(Unfinished::LoggedOut) {
            return Err(Failure::Refused(format!(
                "the phone took device {device} and removed it again; link anew"
            )));
        }
        if let Some(unfinished) = &unfinished {
            output::note(&format!(
                "The device is linked and stored, but its first login did not come to its end: \
                 {unfinished}\nLeaving groups works; if the phone removes the device, link anew."
            ));
        }
        if self.json {
            return output::json(&json!({
                "event": "linked",
                "account": id.account.as_str(),
                "instance": id.name.as_str(),
                "jid": device.to_string(),
                "lid": paired.credentials.lid,
                "platform": paired.platform,
                "businessName": paired.business_name,
                "unfinished": unfinished.map(|unfinished| unfinished.to_string()),
            }));
        }
        let what = match stored {
            Stored::New => "is new, and has",
            Stored::Relinked => "has now",
        };
        output::line(&format!(
            "Instance {id} {what} device {device}.\nNext: `leavectl group sync {} {}`",
            id.account, id.name
        ))
    }
}

/// Rounded up: some milliseconds have passed already.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn as_json(event: &Event<'_>) -> Option<serde_json::Value> {
    Some(match event {
        Event::Qr { text, valid_for, number, of } => json!({
            "event": "qr", "text": text, "validForSeconds": seconds(*valid_for), "number": number, "of": of,
        }),
        Event::Code { code, valid_for, number, of } => json!({
            "event": "code", "code": code, "validForSeconds": seconds(*valid_for), "number": number, "of": of,
        }),
        Event::Refreshed => json!({"event": "refreshed"}),
        Event::Entered => json!({"event": "entered"}),
        Event::Paired { jid } => json!({"event": "paired", "jid": jid.to_string()}),
        Event::Finishing(step) => json!({"event": "finishing", "step": match step {
            FirstLogin::LoggingIn => "loggingIn",
            FirstLogin::Keys => "keys",
            FirstLogin::Messages => "messages",
        }}),
        _ => return None,
    })
}
