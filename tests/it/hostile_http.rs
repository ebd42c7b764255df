//! Hostile HTTP: always a contract answer, never a panic or a dead process.

use serde_json::{Value, json};

use crate::support::{ACCOUNT_TOKEN, GROUP, Process, Request, Rig, Shape, envelope, success};

const MALFORMED: &str = "Malformed request";
const INVALID: &str = "Invalid identifier: expected a group JID, invite code or invite link";

fn usual(shape: Shape) -> Value {
    let event = Request::leave(ACCOUNT_TOKEN, "sales", GROUP).event(shape);
    serde_json::from_str(&event).unwrap()
}

async fn assert_answer(process: &Process, event: &Value, status: u16, message: &str) {
    let reply = process.event(&event.to_string()).await;
    assert_eq!((reply.status, reply.body), (status, envelope(message)), "{event}");
}

#[tokio::test]
async fn a_raw_query_may_hold_anything() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in [Shape::HttpApi, Shape::FunctionUrl, Shape::CargoLambda] {
        let cases = [
            ("identifier=\"><script>", 400, INVALID),
            ("identifier=a b", 400, INVALID),
            ("identifier=a\u{0}b", 400, INVALID),
            ("identifier=\u{7f}", 400, INVALID),
            ("identifier=ÄÖÜ", 400, INVALID),
            ("identifier=%22", 400, INVALID),
            ("identifier=%00", 400, INVALID),
            ("identifier=%", 400, MALFORMED),
            ("identifier=%4", 400, MALFORMED),
            ("identifier=%zz", 400, MALFORMED),
            ("identifier=%ff", 400, MALFORMED),
            ("identifier=%C3%28", 400, MALFORMED),
            ("identifier=1&x=%", 400, MALFORMED),
            ("identifier=A&identifier=B", 400, INVALID),
            ("identifier=A&identifier", 400, INVALID),
            ("&&&===&identifier", 400, "Identifier is required"),
            ("IDENTIFIER=A", 400, "Identifier is required"),
            ("", 400, "Identifier is required"),
        ];
        for (query, status, message) in cases {
            let mut event = usual(shape);
            event["rawQueryString"] = json!(query);
            assert_answer(&process, &event, status, message).await;
        }
        let mut event = usual(shape);
        event["rawQueryString"] = json!(format!("identifier={}", "x".repeat(70 * 1024)));
        assert_answer(&process, &event, 400, MALFORMED).await;
    }
    assert!(rig.simulator().is_member(GROUP, &rig.device.phone));
}

#[tokio::test]
async fn a_load_balancers_query_is_decoded_by_us_and_a_rest_apis_is_not() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for value in ["%", "%zz", "%ff"] {
        let mut event = usual(Shape::LoadBalancer);
        event["queryStringParameters"] = json!({"identifier": value});
        assert_answer(&process, &event, 400, MALFORMED).await;
        for shape in [Shape::RestApi, Shape::HttpApiV1] {
            let mut event = usual(shape);
            event["queryStringParameters"] = json!({"identifier": value});
            event["multiValueQueryStringParameters"] = json!({"identifier": [value]});
            assert_answer(&process, &event, 400, INVALID).await;
        }
    }
}

#[tokio::test]
async fn a_path_may_hold_anything() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in [Shape::RestApi, Shape::LoadBalancer, Shape::FunctionUrl, Shape::CargoLambda] {
        let field = shape.path_field();
        for (path, status, message) in [
            ("/api/group/leave/%zz", 400, MALFORMED),
            ("/api/group/leave/%ff", 400, MALFORMED),
            ("/api/group/leave/a%00b", 400, MALFORMED),
            ("/api/group/leave/a%2Fb", 400, MALFORMED),
            ("/api/group/leave/..%2F..%2Fadmin", 400, MALFORMED),
            ("/%", 400, MALFORMED),
            ("/api/group/leave/\"", 404, "Instance not found"),
            ("", 404, "Route not found"),
            ("//////", 404, "Route not found"),
            ("/api/group/leave/a\\b", 400, MALFORMED),
            ("/api/group/leave/a%3Fb", 400, MALFORMED),
            ("/api/group/leave/a%2525b", 400, MALFORMED),
        ] {
            let mut event = usual(shape);
            event[field] = json!(path);
            assert_answer(&process, &event, status, message).await;
        }
    }
}

#[tokio::test]
async fn headers_and_bodies_may_hold_anything() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for (index, shape) in Shape::ALL.into_iter().enumerate() {
        let mut event = usual(shape);
        let (headers, wrap): (_, fn(&str) -> Value) = match shape {
            Shape::LoadBalancerMultiValue => ("multiValueHeaders", |value| json!([value])),
            _ => ("headers", |value| json!(value)),
        };
        for value in ["", " ", "a b", "[::", "exa\"mple", "\u{0}\r\n", "Ä", "http://"] {
            event[headers]["host"] = wrap(value);
            event[headers]["origin"] = wrap(value);
            event[headers]["x-a header with spaces"] = wrap(value);
            event["body"] = json!("not base64 at all");
            event["isBase64Encoded"] = json!(true);
            if index > 0 || !value.is_empty() {
                let reply = process.event(&event.to_string()).await;
                assert_eq!(reply.status, 404, "{shape:?} {value:?} {reply:?}");
            } else {
                let reply = process.event(&event.to_string()).await;
                assert_eq!((reply.status, reply.body), (200, success(GROUP)), "{shape:?}");
            }
        }
        let mut event = usual(shape);
        let token = "\u{0}\"'; DROP TABLE tokens; --";
        event[headers]["token"] = wrap(token);
        if matches!(shape, Shape::RestApi | Shape::HttpApiV1) {
            event["multiValueHeaders"]["token"] = json!([token]);
        }
        assert_answer(&process, &event, 401, "Invalid token").await;
    }
}

#[tokio::test]
async fn what_callers_write_in_a_wrong_type_is_malformed_in_its_own_shape() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        for (field, value) in [
            ("headers", json!("text")),
            ("rawQueryString", json!({})),
            ("multiValueHeaders", json!({"token": "text"})),
            ("queryStringParameters", json!({"identifier": {"nested": true}})),
        ] {
            let mut event = usual(shape);
            event[field] = value;
            assert_answer(&process, &event, 400, MALFORMED).await;
        }
    }
}

#[tokio::test]
async fn null_maps_are_empty_maps() {
    let rig = Rig::start().await;
    let process = rig.process().await;
    for shape in Shape::ALL {
        let mut event = usual(shape);
        for field in [
            "headers",
            "multiValueHeaders",
            "queryStringParameters",
            "multiValueQueryStringParameters",
            "rawQueryString",
        ] {
            event[field] = Value::Null;
        }
        assert_answer(&process, &event, 401, "Missing token in header").await;
    }
}
