//! What a list tells, whichever way it is read.

use domain::gone::Gone;
use whatsapp_simulator::{Fault, Moment, Reaction};

use crate::rig::{Rig, id};

/// The index by account does not carry it.
#[tokio::test]
async fn a_list_tells_why_a_session_cannot_log_in_for_one_account_and_for_all() {
    for (reason, gone) in [(401, Gone::Unlinked), (403, Gone::Locked), (406, Gone::Banned)] {
        let rig = Rig::start().await;
        let device = rig.device("5511999990001");
        rig.operator.store_linked(&id("sales"), &device).await.unwrap();
        let refusal = Reaction::Failure { reason, expire: None };
        rig.simulator().script(Fault::new(Moment::Login, refusal));
        rig.operator.sync_roster(&id("sales")).await.unwrap_err();
        let account = id("sales").account;
        for account in [Some(&account), None] {
            let listed = rig.operator.instances(account).await.unwrap();
            assert_eq!(listed[0].gone, Some(gone), "{account:?}");
        }
    }
}
