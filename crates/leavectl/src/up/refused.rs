//! Why a stack does not start, and which flag helps.

use std::io::ErrorKind;
use std::path::Path;

use domain::clock::UnixMillis;
use local_stack::StackError;
use local_stack::data_folder::Holder;
use operator::OperatorError;
use operator::shell;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::moment;

/// Another stack runs on the folder.
pub(super) fn taken(folder: &Path, holder: Option<&Holder>) -> Failure {
    let (shown, quoted) = (folder.display(), shell::path(folder));
    let stop = holder.map_or_else(
        || "Stop that one".to_owned(),
        |holder| format!("Stop that one (Ctrl-C in its terminal, or `kill {}`)", holder.pid),
    );
    Failure::Refused(format!(
        "a stack runs on {shown} already{}\n{stop}, or give this one another folder with --data. \
         To use that one here: `eval \"$(leavectl env --data {quoted})\"`",
        who(holder)
    ))
}

/// Who holds a folder, to end a sentence with.
pub(crate) fn who(holder: Option<&Holder>) -> String {
    let Some(holder) = holder else { return String::new() };
    let since = moment::shown(UnixMillis(holder.since));
    let state = match (&holder.url, holder.is_ending) {
        (_, true) => "and is being stopped",
        (Some(url), false) => url,
        (None, false) => "and is still starting",
    };
    format!(": process {}, since {since}, {state}", holder.pid)
}

/// The same of a start that another `DynamoDB` may have kept from ending.
pub(super) fn unanswered(
    error: StackError,
    dynamodb: Option<&str>,
    told: impl FnOnce(StackError) -> Failure,
) -> Failure {
    let is_silent = matches!(
        &error,
        StackError::Operator(OperatorError::Unreachable(_) | OperatorError::Store(_))
            | StackError::Store(_)
    );
    match dynamodb.filter(|_| is_silent) {
        Some(url) => Failure::Because {
            text: format!("{url} does not answer as DynamoDB does ({error}); check --dynamodb"),
            exit: Exit::TryAgain,
        },
        None => told(error),
    }
}

/// What the stack says, with the flag that helps; `has_folder` is whether `--data` was given.
pub(crate) fn told(error: StackError, has_folder: bool) -> Failure {
    match &error {
        StackError::Listen { address, error: why } => Failure::Refused(match why.kind() {
            ErrorKind::AddrInUse => format!(
                "{address} is taken; stop what listens there (another `leavectl up`?), or choose \
                 another port with --listen, as in `--listen 0`, which takes a free one"
            ),
            ErrorKind::PermissionDenied => format!(
                "{address} is not for this user to listen on; choose a port from 1024 on with \
                 --listen, as in `--listen 9100`"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "{} is no address of this machine; choose another with --listen, as in \
                 `--listen 127.0.0.1:{}`",
                address.ip(),
                address.port()
            ),
            _ => format!("{error}; choose another address with --listen"),
        }),
        StackError::NotAFolder(path) => Failure::Refused(format!(
            "{} is no folder, and --data takes one; name another, which is made where there is none",
            path.display()
        )),
        StackError::File { .. } if has_folder => {
            Failure::Refused(format!("{error}; mend that, or choose another folder with --data"))
        }
        _ => error.into(),
    }
}
