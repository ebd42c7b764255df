//! The lease of a session, as the models have it in which only runs take it.

/// A run, or a request and its run. Each model has so many; the one after them is the
/// undisturbed one.
pub(crate) type RunId = usize;

/// The session's lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// Whose it is.
    pub(crate) run: RunId,
    /// Another may take it.
    pub(crate) is_over: bool,
}

impl Lease {
    /// One that was just taken.
    pub(crate) const fn of(run: RunId) -> Self {
        Self { run, is_over: false }
    }
}

/// Whether the lease may be taken.
pub(crate) fn is_free(lease: Option<Lease>) -> bool {
    lease.is_none_or(|lease| lease.is_over)
}

/// Whether the lease in the table is the run's, run out or not.
pub(crate) fn is_held_by(lease: Option<Lease>, run: RunId) -> bool {
    lease.is_some_and(|lease| lease.run == run)
}

/// The run whose lease only its end can free: it is at work no more.
pub(crate) fn left_behind(
    lease: Option<Lease>,
    is_active: impl Fn(RunId) -> bool,
) -> Option<RunId> {
    lease.filter(|lease| !lease.is_over && !is_active(lease.run)).map(|lease| lease.run)
}

/// The lease runs out, if it is the run's.
pub(crate) fn expire(lease: &mut Option<Lease>, run: RunId) {
    if let Some(lease) = lease.as_mut().filter(|lease| lease.run == run) {
        lease.is_over = true;
    }
}

/// It runs out, whosever it is.
pub(crate) fn end(lease: &mut Option<Lease>) {
    if let Some(lease) = lease {
        lease.is_over = true;
    }
}
