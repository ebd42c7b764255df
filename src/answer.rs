//! What a caller reads: the JSON of success and of refusal, made here only.

use domain::group::GroupJid;
use domain::problem::{LEFT, Problem};
use serde::Serialize;
use store::session::KeptAnswer;

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
pub fn render(result: Result<&GroupJid, Problem>) -> KeptAnswer {
    match result {
        Ok(group) => {
            let accepted = Accepted { success: true, message: LEFT, group_jid: group.as_str() };
            KeptAnswer { status: 200, body: to_json(&accepted) }
        }
        Err(problem) => {
            let answered = problem.answered();
            let message = Message { message: answered.message };
            let body = to_json(&Refused { success: false, error: message });
            KeptAnswer { status: answered.status, body }
        }
    }
}

/// These structures have nothing in them that JSON cannot hold.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
