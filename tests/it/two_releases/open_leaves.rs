//! Leaves whose outcome was lost: intents, the rows that are evidence, generations.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::group::GroupKind;
use local_stack::items::{Attributes, Item, number, text};
use whatsapp_simulator::{Fault, Moment, NewGroup, Reaction};

use super::{Pair, forms, leave, told};
use crate::batches::{COMMUNITY, community};
use crate::support::{GROUP, Release, success};

forms! {
    a_lost_leave_is_told_by_the_other {
        written: "an open intent, and its row",
        read: "200 by the retry rule, once",
    }
    a_row_that_the_others_metadata_wrote_is_evidence {
        written: "the row that an answered metadata query wrote, and an intent",
        read: "200 by the retry rule, and nothing is asked again",
    }
    an_intent_that_is_too_old_counts_for_nobody {
        written: "an intent of 25 hours ago",
        read: "404",
    }
    an_intent_is_renewed_by_the_other {
        written: "an intent of 23 hours ago; a retry of the other's, whose reply is lost too",
        read: "renewed under its owner's name; 200 when it is 25 hours old",
    }
    an_intent_counts_from_the_end_of_the_others_block {
        written: "an intent; a throttling that the other hears",
        read: "counts from the block's end; 200",
    }
    a_communitys_lost_leave_is_told_by_the_other {
        written: "an open intent of a community",
        read: "200 with its JID; its own row is gone, and the rows of what went with it",
    }
    what_the_other_wrote_for_another_generation_is_nothing {
        written: "a kept answer, an intent, rows; then the instance is linked with another number",
        read: "nothing of them: it leaves for real, and denies what it is not in",
    }
}

const HOUR: u64 = 3_600_000;

impl Pair {
    /// The first one's leave is applied, and its reply lost.
    async fn lose(&self, identifier: &str) {
        self.rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        assert_eq!(self.first(&leave(identifier)).await.status, 503);
    }

    async fn intent(&self) -> Attributes {
        let session = self.rig.session().await;
        Item(&session).map("intents").unwrap()[GROUP].as_m().unwrap().clone()
    }

    /// The intent is that much older.
    async fn age(&self, by: u64) {
        let mut intent = self.intent().await;
        for time in ["at", "began"] {
            let then = Item(&intent).number(time).unwrap() - by;
            intent.insert(time.to_owned(), number(then));
        }
        self.change(|session| {
            let mut intents = Item(session).map("intents").unwrap().clone();
            intents.insert(GROUP.to_owned(), AttributeValue::M(intent));
            session.insert("intents".to_owned(), AttributeValue::M(intents));
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_leave_is_told_by_the_other() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        pair.lose(GROUP).await;
        assert_eq!(told(&pair.second(&leave(GROUP)).await), (200, success(GROUP).as_str()));
        pair.rig.assert_settled().await;
        assert!(!pair.rig.items().await.contains_key(&format!("GROUP#{GROUP}")), "{order:?}");
        assert_eq!(pair.rig.history().await, 1, "{order:?}");
        assert_eq!(pair.first(&leave(GROUP)).await.status, 404, "once is enough: {order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_the_others_metadata_wrote_is_evidence() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        let unknown = pair.rig.group(NewGroup::new("Unknown"), None).await;
        pair.lose(&unknown).await;
        assert!(pair.rig.items().await.contains_key(&format!("GROUP#{unknown}")), "{order:?}");
        assert_eq!(told(&pair.second(&leave(&unknown)).await), (200, success(&unknown).as_str()));
        let asked = pair.rig.simulator().record().iqs(&pair.rig.device.jid);
        assert_eq!(asked, ["query", "leave", "leave"], "{order:?}");
        pair.rig.assert_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_that_is_too_old_counts_for_nobody() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        pair.lose(GROUP).await;
        pair.age(25 * HOUR).await;
        assert_eq!(pair.second(&leave(GROUP)).await.status, 404, "{order:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_is_renewed_by_the_other() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        pair.lose(GROUP).await;
        pair.age(23 * HOUR).await;
        let old = pair.intent().await;
        pair.rig.simulator().script(Fault::new(Moment::Leave, Reaction::DropAfterApply));
        assert_eq!(pair.second(&leave(GROUP)).await.status, 503, "{order:?}");
        let renewed = pair.intent().await;
        assert_eq!((&renewed["by"], &renewed["began"]), (&old["by"], &old["began"]), "{order:?}");
        let at = |intent: &Attributes| Item(intent).number("at").unwrap();
        assert!(at(&renewed) >= at(&old) + 23 * HOUR, "{order:?}");
        pair.age(2 * HOUR).await;
        assert_eq!(told(&pair.first(&leave(GROUP)).await), (200, success(GROUP).as_str()));
        pair.rig.assert_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intent_counts_from_the_end_of_the_others_block() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        pair.lose(GROUP).await;
        let rate = Reaction::IqError { code: 429, text: "rate".to_owned(), backoff: Some(3_600) };
        pair.rig.simulator().script(Fault::new(Moment::Leave, rate));
        // It was asked again, and is not known to be done.
        assert_eq!(pair.second(&leave(GROUP)).await.status, 503, "{order:?}");
        let session = pair.rig.session().await;
        let until = Item(&session).number("blocked_until").unwrap();
        assert_eq!(Item(&pair.intent().await).number("at").unwrap(), until, "{order:?}");
        pair.change(|session| {
            session.insert("blocked_until".to_owned(), number(1));
        })
        .await;
        assert_eq!(told(&pair.first(&leave(GROUP)).await), (200, success(GROUP).as_str()));
        pair.rig.assert_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_communitys_lost_leave_is_told_by_the_other() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        community(&pair.rig).await;
        pair.lose(COMMUNITY).await;
        let reply = pair.second(&leave(COMMUNITY)).await;
        assert_eq!(told(&reply), (200, success(COMMUNITY).as_str()), "{order:?}");
        let items = pair.rig.items().await;
        let rows: Vec<_> = items.keys().filter(|sk| sk.starts_with("GROUP#")).collect();
        assert_eq!(rows, [&format!("GROUP#{GROUP}")], "{order:?}");
        pair.rig.assert_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_wrote_for_another_generation_is_nothing() {
    for order in Release::ORDERS {
        let pair = Pair::of(order).await;
        let lost = pair.rig.group(NewGroup::new("Lost"), Some(GroupKind::Group)).await;
        let kept = leave(GROUP).header("Idempotency-Key", "key-1");
        assert_eq!(pair.first(&kept).await.status, 200, "{order:?}");
        pair.lose(&lost).await;
        let intents = Item(&pair.rig.session().await).map("intents").unwrap().clone();

        let device = pair.rig.link("acme", "sales", "5511999990009").await;
        // What emptied the intents is the operator's; the row alone has to be no evidence.
        pair.change(|session| {
            let intents = AttributeValue::M(intents);
            session.insert("intents".to_owned(), intents);
        })
        .await;
        assert_eq!(pair.second(&leave(&lost)).await.status, 404, "{order:?}");
        pair.rig.simulator().add_member(GROUP, &device.phone);
        let reply = pair.second(&kept).await;
        assert_eq!(told(&reply), (200, success(GROUP).as_str()), "{order:?}");
        assert_eq!(reply.header("idempotent-replayed"), None, "{order:?}");
        assert!(!pair.rig.simulator().is_member(GROUP, &device.phone), "{order:?}");
        // And what the other has written over it is read by the first.
        let again = pair.first(&kept).await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{order:?}");

        pair.change(|session| {
            session.insert("generation".to_owned(), text("a third"));
        })
        .await;
        let anew = pair.first(&kept).await;
        assert_eq!(told(&anew), (404, told(&anew).1), "{order:?}");
        assert_eq!(anew.header("idempotent-replayed"), None, "{order:?}");
    }
}
