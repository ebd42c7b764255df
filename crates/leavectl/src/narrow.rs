//! Lists that are longer than anybody reads: how many rows are shown, and what of.

use clap::Args;

use crate::count::count;
use crate::output;

/// How many rows a list shows.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// Show no more rows than this
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
}

impl Limit {
    /// Leaves out what is beyond it.
    pub(crate) fn cut<T>(self, rows: &mut Vec<T>) {
        if let Some(limit) = self.limit {
            rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        }
    }
}

/// Says on stderr how many of how many a list shows, when those are not all.
pub(crate) fn tell(shown: usize, total: usize, one: &str) {
    if shown < total {
        output::note(&format!("{shown} of {} shown.", count(total, one)));
    }
}
