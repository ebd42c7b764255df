//! `leavectl instance link`.

mod drawing;
mod first_login;
pub(crate) mod printed;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use domain::clock::Budget;
use domain::tenant::InstanceId;
use linking::{Event, FirstLogin, Method, Paired, PhoneNumber, Timing};
use operator::device::NewDevice;
use operator::first_login::Unfinished;
use operator::link::Stored;
use operator::shell;
use operator::{Operator, OperatorError};
use tokio::sync::mpsc;
use whatsapp::Dialer;

use self::drawing::{Code, Drawing};
use self::first_login::{WAIT, Why, dialer};
use self::printed::Printed;
use super::{NewlyNamed, set_proxy};
use crate::confirm::Consent;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{json, output, place, qr};

/// Longest login to unlink a device that could not be stored.
const UNLINKING: Duration = Duration::from_secs(25);

/// Link a new device of our own to a phone, by QR code or by an 8-character code
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance link acme sales
  leavectl instance link acme sales --png code.png
  leavectl instance link acme sales --phone +5511999990001
  leavectl instance link acme sales --resume

On the phone: Settings, Linked devices, Link a device. WhatsApp allows four.")]
pub(crate) struct Link {
    #[command(flatten)]
    named: NewlyNamed,
    /// Show a code to enter on the phone of this number, in place of a QR code
    #[arg(long, value_name = "NUMBER", conflicts_with = "png")]
    phone: Option<PhoneNumber>,
    /// Write the QR code to this file too, anew as WhatsApp changes it
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Connect through this proxy, now and later; - reads it from stdin
    #[arg(long, value_name = "URL", value_parser = set_proxy::proxy)]
    proxy: Option<set_proxy::Given>,
    /// Link nothing, but end the first login of a device that was linked before
    #[arg(long, conflicts_with_all = ["phone", "png", "proxy"])]
    resume: bool,
    #[command(flatten)]
    consent: Consent,
    /// Print one JSON object for each event, for programs that show the code themselves
    #[arg(long)]
    json: bool,
}

impl Link {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        let operator = place::operator().await?;
        operator.open_account(&id.account).await?;
        let drawing = Drawing::new();
        if self.resume {
            let Unfinished { credentials, keys } = operator.unfinished_login(&id).await?;
            let paired = Paired::resumed(credentials, &keys)
                .map_err(|error| Failure::Refused(error.to_string()))?;
            let unfinished =
                first_login::finish(&operator, &id, &paired, |event| self.show(event, &drawing))
                    .await?;
            return self.conclude(&id, &paired, None, unfinished, None);
        }
        if let Some(phone) = &self.phone {
            // Before anybody is asked, or enters a code: it would be refused in the end.
            operator.fits(&id, phone.digits().parse().unwrap_or_default()).await?;
        }
        let there = operator.linked_device(&id).await?;
        let seen = super::replaceable(there, &id, self.consent)?;
        let given = self.proxy.clone().map(set_proxy::Given::read).transpose()?;
        let proxy = match given.clone() {
            Some(proxy) => Some(proxy),
            None => super::kept_proxy(&operator, &id).await?,
        };
        let dialer = dialer(&operator, proxy.as_ref()).await;
        let method = match &self.phone {
            Some(phone) => Method::Code { phone: phone.clone() },
            None => Method::Qr,
        };
        let clock = operator.engine().clock.as_ref();
        let timing = Timing::default();
        // A code that nobody sees is waited for in vain; whatever else cannot be told must
        // not cost the device that the phone has taken.
        let (unseen, mut given_up) = mpsc::unbounded_channel();
        let pairing = linking::pair(&dialer, clock, method, &timing, |event| {
            let is_code = matches!(event, Event::Qr { .. } | Event::Code { .. });
            if let Err(failure) = self.show(&event, &drawing)
                && is_code
            {
                let _ = unseen.send(failure);
            }
        });
        let mut paired = tokio::select! {
            biased;
            Some(failure) = given_up.recv() => return Err(failure),
            paired = pairing => paired?,
        };
        // Without one of its own it keeps what the instance has when it is stored.
        paired.credentials.proxy = given;
        let keys = paired.keys();
        let device = NewDevice {
            credentials: &paired.credentials,
            first_login: Some(&keys),
            wait: Some(WAIT),
            replaces: self.consent.replaces(seen.as_deref()),
        };
        // Before the first login: the phone shows the device already.
        let stored = match operator.store_device(&id, &device).await {
            Ok(stored) => stored,
            Err(error @ OperatorError::MayBeStored { .. }) => return Err(error.into()),
            Err(error) => return Err(self.take_back(&operator, &dialer, &paired, error).await),
        };
        let unfinished =
            first_login::finish(&operator, &id, &paired, |event| self.show(event, &drawing))
                .await?;
        self.conclude(&id, &paired, Some(stored.stored), unfinished, stored.replaced)
    }

    fn show(&self, event: &Event<'_>, drawing: &Drawing) -> Result<(), Failure> {
        if let (Event::Qr { text, .. }, Some(file)) = (event, &self.png) {
            qr::write_png(text, file)?;
        }
        if self.json {
            return output::json(&Printed::from(event));
        }
        let note = match *event {
            Event::Qr { text, valid_for, number, of } => {
                let (seconds, png) = (seconds(valid_for), self.png.as_deref());
                return drawing.show(&Code { text, seconds, number, of, png });
            }
            // The new one stands in its place at once.
            Event::Refreshed if drawing.will_be_replaced() => return Ok(()),
            Event::Finishing(FirstLogin::LoggingIn | FirstLogin::Keys | FirstLogin::Messages) => {
                return Ok(());
            }
            Event::Code { code, valid_for, number, of } => {
                let (first, second) = code.split_at(code.len() / 2);
                output::line(&format!("{first}-{second}"))?;
                format!(
                    "Enter it within {} s (code {number} of {of}): Settings, Linked devices, Link a \
                     device, Link with phone number instead.",
                    seconds(valid_for)
                )
            }
            Event::Refreshed => "WhatsApp changed the code; a new one follows.".to_owned(),
            Event::Entered => "The phone has entered the code.".to_owned(),
            Event::Paired { jid } => format!("The phone has taken device {jid}."),
        };
        output::note(&note);
        drawing.leave();
        Ok(())
    }

    /// The phone has a device that is certainly not stored: it is unlinked again.
    async fn take_back(
        &self,
        operator: &Operator,
        dialer: &Dialer,
        paired: &Paired,
        error: OperatorError,
    ) -> Failure {
        let budget = Budget::of(UNLINKING);
        let device = &paired.credentials.device;
        let login = match dialer.greet(budget, operator.engine().clock.now()).await {
            Ok(greeted) => greeted.login(&paired.credentials, budget, || true).await.ok(),
            Err(_) => None,
        };
        let is_gone = match login {
            Some(mut online) => {
                let unlinked = linking::unlink(&mut online, device, budget).await;
                online.close(budget).await;
                unlinked.is_ok()
            }
            None => false,
        };
        let rest = if is_gone {
            "The new device was unlinked again.".to_owned()
        } else {
            format!("Unlink device {device} on the phone: nothing knows its key.")
        };
        let text = format!("{error}\n{rest}");
        Failure::from(error).told_as(text)
    }

    /// `stored` is nothing for a device that was stored before.
    fn conclude(
        &self,
        id: &InstanceId,
        paired: &Paired,
        stored: Option<Stored>,
        unfinished: Option<Why>,
        replaced: Option<String>,
    ) -> Result<(), Failure> {
        let device = &paired.credentials.device;
        let unfinished = match unfinished {
            None => None,
            Some(Why::Login(linking::Unfinished::LoggedOut)) => {
                return Err(Failure::Refused(format!(
                    "the phone took device {device} and removed it again; link anew"
                )));
            }
            Some(Why::Login(unfinished)) => Some(unfinished.to_string()),
            Some(Why::Operator(error)) => Some(error.to_string()),
        };
        let unfinished = unfinished.map(|why| {
            format!(
                "The device is linked and stored, but its first login did not come to its end: \
                 {why}\nLeaving groups works. `leavectl instance link --resume {}` makes the \
                 first login again; if the phone removes the device, link anew.",
                shell::instance(id)
            )
        });
        if let Some(unfinished) = &unfinished {
            if stored.is_none() {
                return Err(Failure::Because { text: unfinished.clone(), exit: Exit::TryAgain });
            }
            output::note(unfinished);
        }
        if self.json {
            let platform = Some(paired.platform.clone());
            return output::json(&Printed::Linked {
                named: json::Named::from(id),
                jid: device.to_string(),
                lid: paired.credentials.lid.clone(),
                platform: platform.filter(|platform| !platform.is_empty()),
                business_name: paired.business_name.clone(),
                unfinished,
                replaced,
            });
        }
        let what = match stored {
            Some(Stored::New) => "is new, and has",
            Some(Stored::Relinked) => "has now",
            None => "has ended the first login of",
        };
        output::line(&format!(
            "Instance {id} {what} device {device}.{}\nNext: `leavectl group sync {}`",
            super::told_of_replaced(replaced.as_deref()),
            shell::instance(id)
        ))
    }
}

/// Rounded up: some milliseconds have passed already.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}
