//! The one update that authenticates and counts at once. Why so: `docs/rate-limit.md`.

use std::collections::HashMap;

use domain::broken;
use domain::clock::UnixMillis;

use super::window::Count;
use crate::table::{Update, number};

/// The update that counts a request at `now` this way, if the token is valid.
pub(super) fn update(count: Count, now: UnixMillis) -> Update {
    let window = count.window();
    let others: Vec<String> = window.other_slots().collect();
    let removed = others.join(", ");
    let slot = window.slot();
    let mut values = HashMap::from([
        (":w".to_owned(), number(window.index())),
        (":one".to_owned(), number(1)),
        (":now".to_owned(), number(now.0)),
    ]);
    let (expression, condition) = match count {
        Count::In(_) => {
            values.insert(":zero".to_owned(), number(0));
            (
                format!(
                    "SET {slot} = if_not_exists({slot}, :zero) + :one, win = :w REMOVE {removed}"
                ),
                format!(
                    "win <= :w AND (attribute_not_exists({slot}) OR (win = :w AND {slot} < max_rpm))"
                ),
            )
        }
        Count::AfterReset { seen, .. } => {
            values.insert(":old".to_owned(), number(seen));
            (format!("SET {slot} = :one, win = :w REMOVE {removed}"), "win = :old".to_owned())
        }
    };
    let condition = broken!(LimitHolds =>
        format!("({}) AND {VALID}", condition.replace("< max_rpm", ">= :zero"));
        format!("({condition}) AND {VALID}"));
    Update { expression, condition, names: HashMap::new(), values }
}

/// A token may end (`valid_until`, in milliseconds of the Unix epoch). It is told
/// in the same call: its item is there until it is revoked or swept.
const VALID: &str = "(attribute_not_exists(valid_until) OR valid_until > :now)";
