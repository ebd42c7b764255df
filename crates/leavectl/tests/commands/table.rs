//! `leavectl table`: as the template makes it.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use local_stack::proxy::Proxy;
use serde_json::json;

use crate::rig::Rig;

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_made_as_the_template_says() {
    let mut rig = Rig::start().await;
    let proxy = Proxy::start(rig.backends.dynamodb()).await.unwrap();
    rig.set("AWS_ENDPOINT_URL_DYNAMODB", &proxy.url());
    rig.set("TABLE_NAME", "second");
    rig.refused(&["table", "status"], "leavectl table create");
    rig.refused(&["account", "list"], "leavectl table create");
    let told = rig.ok(&["table", "create"]);
    assert!(told.contains("Table second is made."), "{told}");
    assert!(told.contains("This DynamoDB does not have point-in-time recovery."), "{told}");

    let calls = proxy.traffic().calls();
    let sent = |operation: &str| {
        calls.iter().find(|call| call.operation == operation).unwrap().body.clone()
    };
    let key = |parts: &[(&str, &str)]| {
        let parts: Vec<_> = parts
            .iter()
            .map(|(name, role)| json!({"AttributeName": name, "KeyType": role}))
            .collect();
        json!(parts)
    };
    let create = sent("CreateTable");
    assert_eq!(create["BillingMode"], "PAY_PER_REQUEST");
    assert_eq!(create["KeySchema"], key(&[("pk", "HASH"), ("sk", "RANGE")]));
    assert_eq!(create["DeletionProtectionEnabled"], true);
    assert_eq!(create["SSESpecification"]["Enabled"], true);
    let index = &create["GlobalSecondaryIndexes"];
    assert_eq!(index[0]["IndexName"], "by_account");
    assert_eq!(index[0]["KeySchema"], key(&[("account", "HASH"), ("pk", "RANGE")]));
    assert_eq!(index[1]["KeySchema"], key(&[("due", "HASH"), ("due_at", "RANGE")]));
    assert_eq!(
        index[1]["Projection"],
        json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["account", "instance"]})
    );
    assert_eq!(
        sent("UpdateTimeToLive")["TimeToLiveSpecification"],
        json!({"AttributeName": "expires_at", "Enabled": true})
    );

    let status = rig.json(&["table", "status"]);
    assert_eq!((&status["table"], &status["fits"]), (&json!("second"), &json!(true)));
    assert!(rig.ok(&["table", "create"]).contains("was there already"));
    rig.ok(&["account", "create", "acme"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_table_gets_what_it_lacks_and_its_faults_are_told() {
    let rig = Rig::start().await.with("TABLE_NAME", "older");
    let attribute = |name: &str| {
        AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap()
    };
    let element = |name: &str, role: KeyType| {
        KeySchemaElement::builder().attribute_name(name).key_type(role).build().unwrap()
    };
    let create = rig
        .provisioner
        .client()
        .create_table()
        .table_name("older")
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute("pk"))
        .attribute_definitions(attribute("sk"))
        .key_schema(element("pk", KeyType::Hash))
        .key_schema(element("sk", KeyType::Range));
    create.send().await.unwrap();
    let ran = rig.run(&["table", "status"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("index by_account: is missing"), "{ran:?}");
    assert!(ran.stdout.contains("TTL: is off, and should be expires_at"), "{ran:?}");
    let ran = rig.run(&["table", "create"]);
    assert!(ran.stdout.contains("Index by_due was missing, and is made."), "{ran:?}");
    // Protection is the stack's to change.
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("deletion protection: is off, and should be on"), "{ran:?}");
    let after = rig.run(&["table", "status"]);
    assert!(!after.stdout.contains("index") && !after.stdout.contains("TTL"), "{after:?}");
}
