//! `leavectl instance import`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use linking::PhoneNumber;
use operator::device::NewDevice;
use operator::link::{Stored, StoredDevice};
use operator::shell;
use serde::Serialize;
use session_import::input::Input;
use session_import::source::Source;

use super::{NewlyNamed, set_proxy};
use crate::confirm::Consent;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, output, place, progress, stdin};

/// Take over a session that other software linked
#[derive(Args)]
#[command(after_help = "\
Examples:
  leavectl instance import acme sales auth_info_baileys/
  leavectl instance import acme sales --from whatsmeow store.db --jid 5511999990001
  psql -Atc \"select creds from \\\"Session\\\" where …\" | leavectl instance import acme sales -
  psql -Atc 'select row_to_json(d) from whatsmeow_device d' | leavectl instance import acme sales -

Stop the other program first. Two programs must not use one linked device: each login
throws the other one out.")]
pub(crate) struct Import {
    #[command(flatten)]
    named: NewlyNamed,
    /// Whose session it is; told by its content when left out
    #[arg(long, value_parser = sources())]
    from: Option<Source>,
    /// Baileys' creds.json or folder, an SQLite file, rows as JSON or CSV, or - for stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Which device, when there are several: a JID, USER:DEVICE or a phone number
    #[arg(long)]
    jid: Option<String>,
    /// Store it without a login that proves the key
    #[arg(long)]
    offline: bool,
    /// Connect through this proxy, now and later; - reads it from stdin
    #[arg(long, value_name = "URL", value_parser = set_proxy::proxy)]
    proxy: Option<set_proxy::Given>,
    #[command(flatten)]
    consent: Consent,
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Printed {
    /// The instance.
    #[serde(flatten)]
    named: json::Named,
    /// Its device's JID.
    jid: String,
    /// Its device's LID, where it is known.
    lid: Option<String>,
    /// Whose session it was.
    source: String,
    /// Whether a login proved the key.
    proved: bool,
    /// The JID of the device before, which is still on the phone.
    replaced: Option<String>,
}

fn sources() -> impl TypedValueParser<Value = Source> {
    PossibleValuesParser::new(Source::ALL.map(Source::name))
        .try_map(|name| name.parse::<Source>().map_err(|error| error.to_string()))
}

impl Import {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let id = self.named.id();
        if self.file.to_string_lossy().contains("://") {
            // It may have a password in it, and is not repeated.
            return Err(Failure::Meant(
                "an address stands where the session's file is wanted; a proxy is given with --proxy"
                    .to_owned(),
            ));
        }
        let is_piped = self.file.as_os_str() == stdin::MARK;
        if is_piped && matches!(self.proxy, Some(set_proxy::Given::OnStdin)) {
            return Err(Failure::Refused(
                "standard input cannot hold both the session and the proxy; give the session as a \
                 file"
                    .to_owned(),
            ));
        }
        let proxy = self.proxy.map(set_proxy::Given::read).transpose()?;
        let operator = place::operator().await?;
        operator.open_account(&id.account).await?;
        let input = if is_piped {
            Input::read_from(std::io::stdin().lock())?
        } else {
            Input::Path(self.file)
        };
        // A phone number as people write it; anything else is for the store's reader.
        let jid = self.jid.map(|text| match text.parse::<PhoneNumber>() {
            Ok(number) => number.digits().to_owned(),
            Err(_) => text,
        });
        let imported = session_import::read(&input, self.from, jid.as_deref())?;
        let mut credentials = imported.credentials;
        operator.fits(&id, credentials.device.user()).await?;
        let there = operator.linked_device(&id).await?;
        let is_same = there.as_deref() == Some(credentials.device.to_string().as_str());
        let seen = if !is_same {
            super::replaceable(there, &id, self.consent)?
        } else if self.offline {
            self.consent.ask(&format!(
                "Instance {id} has device {} already. Its key is to be replaced by one that no \
                 login has proved.",
                credentials.device
            ))?;
            there
        } else {
            // The same device, and a login proves its key: nothing is lost.
            there
        };
        // For the login; what is stored keeps the proxy that the instance has then.
        credentials.proxy = match proxy.clone() {
            Some(proxy) => Some(proxy),
            None => super::kept_proxy(&operator, &id).await?,
        };
        if self.offline {
            output::note("Not proved: the key is stored as it is, without a login.");
        } else {
            let verifying = operator.verify(&id, &credentials);
            progress::during("Logging in with the imported key", verifying).await.map_err(|error| {
                // A refusal says something about the key, and no flag makes it better.
                let hint = if error.is_unreachable_whatsapp() {
                    "\nIf the key is right and WhatsApp cannot be reached from here, add --offline"
                } else {
                    ""
                };
                let text = format!("nothing was stored: {error}{hint}");
                Failure::from(error).told_as(text)
            })?;
        }
        credentials.proxy = proxy;
        let replaces = self.consent.replaces(seen.as_deref());
        let device = NewDevice { replaces, ..NewDevice::finished(&credentials) };
        let StoredDevice { stored, replaced } = operator.store_device(&id, &device).await?;
        let what = match stored {
            Stored::New => "is new, and has",
            Stored::Relinked => "has now",
        };
        if credentials.lid.is_none() {
            output::note(
                "Its LID is not known. Owners of LID-addressed communities are then recognised by WhatsApp only.",
            );
        }
        let printed = Printed {
            named: json::Named::from(&id),
            jid: credentials.device.to_string(),
            lid: credentials.lid.clone(),
            source: imported.source.to_string(),
            proved: !self.offline,
            replaced: replaced.clone(),
        };
        let text = format!(
            "Instance {id} {what} device {} of {}.\n\
             Do not start the other program with this session again: two programs on one linked \
             device throw each other out. Better than an import is a device of its own: \
             `leavectl instance link {}`.{}",
            credentials.device,
            imported.source,
            shell::instance(&id),
            super::told_of_replaced(replaced.as_deref())
        );
        self.format.show(&printed, &text)
    }
}
