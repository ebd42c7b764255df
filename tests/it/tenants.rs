//! No request ever reads or changes another account's items.

use domain::tenant::InstanceName;
use domain::token::Scope;
use domain::token::Token;
use local_stack::traffic::Traffic;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{GROUP, Request, Rig, ask, token_partition};

const ACCOUNTS: [&str; 3] = ["a", "a-b", "acme"];
const NAMES: [&str; 6] = ["sales", "a#sales", "SESSION", "b#x", "a", "sales#SESSION"];

fn account_token(account: usize) -> String {
    format!("leave-group-token-of-account-{account}")
}

fn instance_token(account: usize, name: usize) -> String {
    format!("leave-group-token-of-{account}-{name}")
}

/// Who asks, for what.
#[derive(Debug, Clone)]
struct Asked {
    account: usize,
    /// The instance of an instance's token.
    own: Option<usize>,
    name: usize,
    identifier: String,
}

fn asked() -> impl Strategy<Value = Asked> {
    let identifier = prop_oneof![
        Just(GROUP.to_owned()),
        Just("ABC123XYZ".to_owned()),
        Just(String::new()),
        "[A-Za-z0-9#@./-]{1,20}",
    ];
    (0..ACCOUNTS.len(), prop::option::of(0..NAMES.len()), 0..NAMES.len(), identifier)
        .prop_map(|(account, own, name, identifier)| Asked { account, own, name, identifier })
}

/// Every partition that a call names, wherever it names it.
fn partitions(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                if matches!(name.as_str(), "pk" | ":pk") {
                    found.push(member["S"].as_str().unwrap().to_owned());
                }
                partitions(member, found);
            }
        }
        serde_json::Value::Array(members) => {
            for member in members {
                partitions(member, found);
            }
        }
        _ => {}
    }
}

#[test]
fn a_request_touches_its_own_token_and_its_own_accounts_instance_only() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let rig = runtime.block_on(provisioned());
    let traffic = Traffic::new();
    let service = rig.local(&traffic);
    let mut runner =
        TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
    let result = runner.run(&asked(), |asked| {
        let token = match asked.own {
            None => account_token(asked.account),
            Some(own) => instance_token(asked.account, own),
        };
        traffic.clear();
        let name = NAMES[asked.name];
        let reply =
            runtime.block_on(ask(&service, &Request::leave(&token, name, &asked.identifier)));
        let own_token = token_partition(&token);
        let own_instance = format!("INSTANCE#{}#{name}", ACCOUNTS[asked.account]);
        let mut touched = Vec::new();
        for call in traffic.calls() {
            partitions(&call.body, &mut touched);
        }
        for partition in touched {
            // The data keys and the client version are nobody's.
            let is_own =
                [own_token.as_str(), own_instance.as_str(), "KEYS"].contains(&partition.as_str());
            prop_assert!(is_own, "{:?} touched {}", asked, partition);
        }
        if !InstanceName::of_stored(name).unwrap().is_reachable() {
            prop_assert_eq!((reply.status, traffic.calls().len()), (400, 0), "{:?}", asked);
        } else if asked.own.is_some_and(|own| own != asked.name) {
            prop_assert_eq!(reply.status, 403, "{:?}", asked);
        } else {
            prop_assert!([200, 400, 404].contains(&reply.status), "{:?} {:?}", asked, reply);
        }
        Ok(())
    });
    result.unwrap();
}

/// Every account has the even names, each with a device of its own; every name
/// has a token, whether or not it exists.
async fn provisioned() -> Rig {
    let rig = Rig::start().await;
    for (account, id) in ACCOUNTS.iter().enumerate() {
        let parsed = id.parse().unwrap();
        let token = Token::new(&account_token(account)).unwrap();
        rig.provisioner.token(&token, &parsed, &Scope::Account, 1_000_000).await.unwrap();
        for (number, name) in NAMES.iter().enumerate() {
            if number % 2 == 0 {
                let phone = format!("55119{account:04}{number:04}");
                let device = rig.link(id, name, &phone).await;
                rig.simulator().add_member(GROUP, &device.phone);
            }
            let token = Token::new(&instance_token(account, number)).unwrap();
            let scope = Scope::Instance(InstanceName::of_stored(name).unwrap());
            rig.provisioner.token(&token, &parsed, &scope, 1_000_000).await.unwrap();
        }
    }
    rig
}
