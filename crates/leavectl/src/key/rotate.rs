//! `leavectl key rotate`.

use clap::Args;

use crate::failure::Failure;
use crate::{output, place, progress};

/// Make a new data key and seal every session again with it
///
/// No session is unreadable meanwhile: each names its key, and old keys stay. A
/// rotation that was cut short is ended by the next one.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  leavectl key rotate\n  leavectl key rotate --resume\n  leavectl key rotate --resume --prune"
)]
pub(crate) struct Rotate {
    /// Only end a rotation that was cut short; make no new key
    #[arg(long)]
    resume: bool,
    /// Delete the old keys that nothing is sealed with any more
    #[arg(long)]
    prune: bool,
}

impl Rotate {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let operator = place::operator().await?;
        let bar = progress::bar("Sealing sessions");
        let mut show = |done: usize, total: usize| {
            bar.set_length(u64::try_from(total).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        };
        let rotation = if self.resume {
            operator.resume_rotation(&mut show).await
        } else {
            operator.rotate_key(&mut show).await
        };
        bar.finish_and_clear();
        let rotation = rotation?;
        let key = &rotation.key_id;
        output::line(&match (rotation.is_new, self.resume) {
            (true, _) => format!("Data key {key} is new and current."),
            (false, true) => format!("Data key {key} is current."),
            (false, false) => format!(
                "An earlier rotation was cut short, and is ended now: data key {key} is current. \
                 Rotate again for a new one."
            ),
        })?;
        output::line(&format!("{} sessions were sealed again.", rotation.resealed))?;
        if self.prune {
            let pruned = operator.prune_keys().await?;
            for id in &pruned.deleted {
                output::line(&format!("Data key {id} is deleted."))?;
            }
            for id in &pruned.in_use {
                output::line(&format!("Data key {id} is kept: sessions need it."))?;
            }
            for id in &pruned.too_young {
                output::line(&format!(
                    "Data key {id} is kept: runs that began before may need it for a minute. \
                     `leavectl key rotate --resume --prune` deletes it then."
                ))?;
            }
        }
        if rotation.unreadable.is_empty() {
            return Ok(());
        }
        let names: Vec<_> = rotation.unreadable.iter().map(ToString::to_string).collect();
        Err(Failure::Refused(format!(
            "these instances do not open with this sealing key, before as after: {}. \
             Link them again, or delete them",
            names.join(", ")
        )))
    }
}
