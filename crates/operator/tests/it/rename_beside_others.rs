//! What others write while an instance gets another name.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::clock::Budget;
use domain::group::{Group, GroupKind};
use domain::identifier::Identifier;
use domain::token::Scope;
use local_stack::items::{Item, number, text};
use local_stack::traffic::CallFault;
use operation::leave::{self, Outcome};
use operation::order::Order;
use operator::OperatorError;
use operator::tokens::TokenRequest;
use whatsapp_simulator::{HoldHandle, NewGroup, Rank};

use crate::cut::{cut_after, writes};
use crate::rig::{Rig, id};

const NUMBER: &str = "5511999990001";
const OTHERS: &str = "5511999990002";
const GROUP: &str = "120363400000000001@g.us";

/// The status that a leave of the group is answered with.
async fn leave(rig: &Rig, name: &str) -> u16 {
    let group = Ok(Identifier::parse(GROUP).unwrap());
    let order = Order::commanded(id(name), vec![group], "request".to_owned());
    let budget = Budget::of(Duration::from_secs(20));
    match leave::serve(rig.operator.engine(), &order, budget).await.outcome {
        Outcome::Ran(results) => match &results[0] {
            Ok(_) => 200,
            Err(problem) => problem.answered().status,
        },
        Outcome::Replayed(kept) => kept.status,
    }
}

/// `sales` gets the name `what`, and meanwhile another number is linked as `what`, which
/// is in the same group and has a leave whose outcome was lost. The rename is refused, and
/// the row that tells that leave's outcome is gone.
#[tokio::test]
async fn a_refused_rename_leaves_the_rows_of_the_instance_that_has_the_name() {
    let rig = Rig::start().await;
    let (ours, theirs) = (rig.device(NUMBER), rig.device(OTHERS));
    let group = NewGroup::new("Leads").jid(GROUP).member(NUMBER, Rank::Member);
    rig.simulator().create_group(group);
    rig.operator.store_linked(&id("sales"), &ours).await.unwrap();
    rig.operator.sync_roster(&id("sales")).await.unwrap();

    let hold = HoldHandle::new();
    rig.traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    let what = id("what");
    let sales = id("sales");
    let renaming = rig.operator.rename_instance(&sales, &what.name);
    let meanwhile = async {
        hold.reached().await;
        // The other number was in the group, its leave was sent, and the reply was lost.
        rig.provisioner.linked(&id("what"), &theirs).await.unwrap();
        let group = Group { jid: GROUP.parse().unwrap(), kind: GroupKind::Group };
        rig.provisioner.group(&id("what"), &group).await.unwrap();
        let mut session = rig.session("what").await;
        let intent = AttributeValue::M(HashMap::from([
            ("by".to_owned(), text("a run")),
            ("at".to_owned(), number(rig.now().0)),
            ("began".to_owned(), number(rig.now().0)),
        ]));
        let intents = AttributeValue::M(HashMap::from([(GROUP.to_owned(), intent)]));
        session.insert("intents".to_owned(), intents);
        rig.provisioner.put(session).await.unwrap();
        hold.release();
    };
    let (renamed, ()) = tokio::join!(renaming, meanwhile);
    assert_eq!(renamed, Err(OperatorError::InstanceExists(id("what"))));
    let answer = leave(&rig, "what").await;
    assert_eq!(answer, 200, "its own lost leave: {answer}");
}

/// An operator lifts a block while the instance gets another name.
#[tokio::test]
async fn a_block_that_is_lifted_during_a_rename_stays_lifted() {
    let rig = Rig::start().await;
    rig.operator.store_linked(&id("sales"), &rig.device(NUMBER)).await.unwrap();
    let mut session = rig.session("sales").await;
    let until = rig.now().plus(Duration::from_hours(100));
    session.insert("blocked_until".to_owned(), number(until.0));
    session.insert("blocked_by".to_owned(), text("banned"));
    rig.provisioner.put(session).await.unwrap();

    let hold = HoldHandle::new();
    rig.traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    let what = id("what");
    let sales = id("sales");
    let renaming = rig.operator.rename_instance(&sales, &what.name);
    let lifting = async {
        hold.reached().await;
        let block = rig.operator.block(&id("sales")).await.unwrap().unwrap();
        let lifted = rig.operator.unblock(&id("sales"), block).await;
        hold.release();
        lifted
    };
    let (renamed, lifted) = tokio::join!(renaming, lifting);
    renamed.unwrap();
    lifted.unwrap();
    let session = rig.session("what").await;
    assert!(!session.contains_key("blocked_until"), "lifted, and told so: {session:?}");
}

/// A token of `sales` alone.
async fn token_of_sales(rig: &Rig) {
    let account = "acme".parse().unwrap();
    let scope = Scope::Instance(id("sales").name);
    let request = TokenRequest {
        account: &account,
        scope: &scope,
        per_minute: 100,
        note: None,
        valid_until: None,
    };
    rig.operator.issue_token(&request).await.unwrap();
}

/// What the one token acts for.
async fn acts_for(rig: &Rig) -> Option<String> {
    let token = rig.items("TOKEN#").await.into_values().next()?;
    Item(&token).optional_text("instance").map(str::to_owned)
}

/// Another instance is made under the new name before the session moves: the rename is
/// refused, and the tokens of the one act for the other.
#[tokio::test]
async fn a_refused_rename_gives_no_token_to_the_instance_that_has_the_name() {
    let rig = Rig::start().await;
    rig.operator.store_linked(&id("sales"), &rig.device(NUMBER)).await.unwrap();
    token_of_sales(&rig).await;
    let hold = HoldHandle::new();
    // The write that gives the token its name is the first.
    rig.traffic.plan("TransactWriteItems", CallFault::HoldBefore(hold.clone()));
    let (sales, what) = (id("sales"), id("what"));
    let renaming = rig.operator.rename_instance(&sales, &what.name);
    let meanwhile = async {
        hold.reached().await;
        rig.operator.create_instance(&id("what")).await.unwrap();
        hold.release();
    };
    let (renamed, ()) = tokio::join!(renaming, meanwhile);
    assert_eq!(renamed, Err(OperatorError::InstanceExists(id("what"))));
    assert_eq!(acts_for(&rig).await.as_deref(), Some("sales"));
}

/// A rename that is cut short is not taken up again: the instance is deleted. Whoever
/// makes another under the new name finds it with the first one's tokens.
#[tokio::test]
async fn a_name_that_a_rename_was_cut_short_on_begins_without_tokens() {
    let whole = {
        let rig = Rig::start().await;
        rig.operator.store_linked(&id("sales"), &rig.device(NUMBER)).await.unwrap();
        token_of_sales(&rig).await;
        rig.traffic.clear();
        rig.operator.rename_instance(&id("sales"), &id("what").name).await.unwrap();
        writes(&rig)
    };
    for made in 0..whole.len() {
        let rig = Rig::start().await;
        rig.operator.store_linked(&id("sales"), &rig.device(NUMBER)).await.unwrap();
        token_of_sales(&rig).await;
        cut_after(&rig, &whole, made);
        rig.operator.rename_instance(&id("sales"), &id("what").name).await.unwrap_err();
        rig.traffic.forget_faults();
        rig.clock.advance(Duration::from_mins(1));
        let is_moved =
            rig.items("INSTANCE#acme#what").await.into_keys().any(|(_, sk)| sk == "SESSION");
        rig.operator.delete_instance(&id("sales")).await.unwrap();
        if is_moved {
            continue;
        }
        rig.operator.create_instance(&id("what")).await.unwrap();
        assert_eq!(acts_for(&rig).await, None, "cut after {made} of {whole:?}");
    }
}
