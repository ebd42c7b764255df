//! Tokens whose issuing gets no reply.

use domain::token::Scope;
use local_stack::traffic::CallFault;
use operator::OperatorError;
use operator::tokens::{Issued, TokenRequest};

use crate::rig::{Rig, id};

pub async fn issue(rig: &Rig, instance: Option<&str>) -> Result<Issued, OperatorError> {
    let account = "acme".parse().unwrap();
    let scope = match instance {
        Some(name) => Scope::Instance(id(name).name),
        None => Scope::Account,
    };
    let request = TokenRequest {
        account: &account,
        scope: &scope,
        per_minute: 100,
        note: None,
        valid_until: None,
    };
    rig.operator.issue_token(&request).await
}

/// Its secret is shown once: a token that is there and that nobody knows is of no use.
#[tokio::test]
async fn a_token_that_was_issued_without_a_reply_is_shown() {
    let rig = Rig::start().await;
    rig.lose("TransactWriteItems", &CallFault::LoseReply);
    let issued = issue(&rig, None).await.unwrap();
    rig.traffic.forget_faults();
    let listed = rig.operator.tokens(&"acme".parse().unwrap()).await.unwrap();
    assert_eq!(listed.iter().map(|token| &token.id).collect::<Vec<_>>(), [&issued.id]);

    rig.lose("TransactWriteItems", &CallFault::Reset);
    let error = issue(&rig, None).await.err().unwrap();
    assert!(matches!(&error, OperatorError::MayBeIssued { id, .. }
        if error.to_string().contains(&format!("leavectl token revoke acme {id}"))));
}
