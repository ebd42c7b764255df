//! What the policy for operators allows, against the calls that are made.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::token::Token;
use operator::schema;
use operator::tokens::Revoked;
use saphyr::{LoadableYamlNode, Yaml};
use whatsapp_simulator::{NewGroup, Rank};

use crate::rig::{Rig, id};
use crate::tokens::issue;

const NUMBER: &str = "5511999990001";

/// What the policy allows with the table: each action, and whether on an index of it.
fn allowed() -> BTreeSet<(String, bool)> {
    let template = include_str!("../../../../template.yaml");
    let documents = Yaml::load_from_str(template).unwrap();
    let path = ["Resources", "OperatorPolicy", "Properties", "PolicyDocument", "Statement"];
    let at = |node, name: &&str| Yaml::as_mapping_get(node, name);
    let statements = path.iter().try_fold(&documents[0], at).unwrap();
    let mut allowed = BTreeSet::new();
    for statement in statements.as_sequence().unwrap() {
        let is_of_indexes = statement.as_mapping_get("Sid").unwrap().as_str() == Some("Indexes");
        let actions = statement.as_mapping_get("Action").unwrap();
        let several = actions.as_sequence().map(|actions| actions.iter().collect());
        for action in several.unwrap_or_else(|| vec![actions]) {
            allowed.insert((action.as_str().unwrap().to_owned(), is_of_indexes));
        }
    }
    allowed.retain(|(action, _)| action.starts_with("dynamodb:"));
    allowed
}

/// Everything that is done to the table, once.
async fn walk(rig: &Rig) {
    let (operator, acme) = (&rig.operator, "acme".parse().unwrap());
    operator.compare_table(&schema::of_template().unwrap()).await.unwrap();
    operator.accounts().await.unwrap();
    operator.create_instance(&id("empty")).await.unwrap();
    let device = rig.device(NUMBER);
    operator.verify(&id("sales"), &device).await.unwrap();
    operator.store_linked(&id("sales"), &device).await.unwrap();
    operator.store_linked(&id("sales"), &rig.device(NUMBER)).await.unwrap();
    rig.simulator().create_group(NewGroup::new("Leads").member(NUMBER, Rank::Member));
    operator.sync_roster(&id("sales")).await.unwrap();
    operator.roster(&id("sales")).await.unwrap();
    operator.history(&id("sales")).await.unwrap();
    operator.set_proxy(&id("sales"), None).await.unwrap();
    let token = issue(rig, Some("sales")).await.unwrap();
    issue(rig, Some("sales")).await.unwrap();
    operator.rename_instance(&id("sales"), &id("selling").name).await.unwrap();
    operator.instances(None).await.unwrap();
    operator.instances(Some(&acme)).await.unwrap();
    operator.instance(&id("selling")).await.unwrap();
    operator.revoke_token(&acme, &Revoked::Id(token.id)).await.unwrap();
    let leaked = Token::new(&issue(rig, None).await.unwrap().secret).unwrap();
    operator.revoke_token(&acme, &Revoked::Secret(leaked)).await.unwrap();
    operator.rotate_key(&mut |_, _| {}).await.unwrap();
    rig.clock.advance(Duration::from_mins(2));
    operator.prune_keys().await.unwrap();
    operator.set_version("2.3000.8".parse().unwrap()).await.unwrap();
    operator.shown_version().await.unwrap();
    operator.unwrap_keys().await.unwrap();
    operator.delete_instance(&id("selling")).await.unwrap();
    operator.delete_instance(&id("empty")).await.unwrap();
    operator.deletable_account(&acme).await.unwrap();
    operator.delete_account(&acme).await.unwrap();
}

#[tokio::test]
async fn operators_may_make_the_calls_that_are_made() {
    let rig = Rig::start().await;
    walk(&rig).await;
    let calls = rig.traffic.calls();
    let accesses = calls.iter().flat_map(local_stack::traffic::Call::accesses);
    let made: BTreeSet<_> =
        accesses.map(|access| (access.action, access.index.is_some())).collect();
    let allowed = allowed();
    let denied: Vec<_> = made.difference(&allowed).collect();
    assert!(denied.is_empty(), "made, and not allowed: {denied:?}");
    let unused: Vec<_> = allowed.difference(&made).collect();
    // An answer that is kept, which a leave of the function's own looks for.
    let of_the_function = ("dynamodb:BatchGetItem".to_owned(), false);
    assert_eq!(unused, [&of_the_function]);
}
