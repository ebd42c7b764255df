//! `leavectl key rotate`.

use clap::Args;
use operator::data_keys::Pruned;
use serde::Serialize;

use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Format;
use crate::{json, place, progress};

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
    #[command(flatten)]
    format: Format,
}

/// What `--json` prints.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct Printed {
    /// The data key that is current now.
    key_id: String,
    /// Whether it is new.
    is_new: bool,
    /// Sessions that were sealed again.
    resealed_count: usize,
    /// Old keys that `--prune` deleted.
    deleted_keys: Vec<String>,
    /// Old keys that sessions need.
    needed_keys: Vec<String>,
    /// Old keys that runs may need for a minute yet.
    young_keys: Vec<String>,
    /// Instances that do not open with this sealing key, before as after.
    unreadable: Vec<json::Named>,
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
        let pruned = if self.prune { operator.prune_keys().await? } else { Pruned::default() };
        let mut lines = vec![match (rotation.is_new, self.resume) {
            (true, _) => format!("Data key {key} is new and current."),
            (false, true) => format!("Data key {key} is current."),
            (false, false) => format!(
                "An earlier rotation was cut short, and is ended now: data key {key} is current. \
                 Rotate again for a new one."
            ),
        }];
        lines.push(match rotation.resealed {
            1 => "1 session was sealed again.".to_owned(),
            more => format!("{} were sealed again.", count(more, "session")),
        });
        lines.extend(pruned.deleted.iter().map(|id| format!("Data key {id} is deleted.")));
        lines.extend(
            pruned.in_use.iter().map(|id| format!("Data key {id} is kept: sessions need it.")),
        );
        lines.extend(pruned.too_young.iter().map(|id| {
            format!(
                "Data key {id} is kept: runs that began before may need it for a minute. \
                 `leavectl key rotate --resume --prune` deletes it then."
            )
        }));
        let printed = Printed {
            key_id: key.clone(),
            is_new: rotation.is_new,
            resealed_count: rotation.resealed,
            deleted_keys: pruned.deleted,
            needed_keys: pruned.in_use,
            young_keys: pruned.too_young,
            unreadable: rotation.unreadable.iter().map(json::Named::from).collect(),
        };
        self.format.show(&printed, &lines.join("\n"))?;
        if rotation.unreadable.is_empty() {
            return Ok(());
        }
        if self.format.json {
            // The result names them.
            return Err(Failure::Told(Exit::Failed));
        }
        let names: Vec<_> = rotation.unreadable.iter().map(ToString::to_string).collect();
        Err(Failure::Refused(format!(
            "these instances do not open with this sealing key, before as after: {}. \
             Link them again, or delete them",
            names.join(", ")
        )))
    }
}
