//! What a caller reads: the JSON of success and of refusal, made here only.

use serde::Serialize;

use crate::group::GroupJid;
use crate::problem::Problem;

/// The message of a 200.
pub const LEFT: &str = "Successfully left the group";

#[derive(Serialize)]
struct Accepted<'a> {
    success: bool,
    message: &'static str,
    #[serde(rename = "groupJid")]
    group_jid: &'a str,
}

#[derive(Serialize)]
struct Refused {
    success: bool,
    error: Message,
}

#[derive(Serialize)]
struct Message {
    message: &'static str,
}

/// Status and body of one result: the group that was left, or why not.
pub fn render(result: Result<&GroupJid, Problem>) -> (u16, String) {
    match result {
        Ok(group) => {
            let accepted = Accepted { success: true, message: LEFT, group_jid: group.as_str() };
            (200, to_json(&accepted))
        }
        Err(problem) => {
            let answered = problem.answered();
            let message = Message { message: answered.message };
            (answered.status, to_json(&Refused { success: false, error: message }))
        }
    }
}

/// These structures have nothing in them that JSON cannot hold.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
