//! The event of a request over HTTP.

use serde_json::{Value, json};

use super::Director;
use crate::steps::Ask;
use crate::world::INSTANCES;

impl Director {
    pub(super) fn http(&self, ask: &Ask, token: &str) -> Value {
        let (_, name, _) = INSTANCES[ask.instance];
        let path = format!("/api/group/leave/{name}");
        let encoded: String = ask
            .identifier
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02X}"),
            })
            .collect();
        let mut headers = json!({"token": token});
        if let Some(key) = ask.key {
            headers["idempotency-key"] = format!("key-{key}").into();
        }
        json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path,
            "rawQueryString": format!("identifier={encoded}"), "headers": headers,
            "requestContext": {
                "http": {"method": "DELETE", "path": path, "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.10", "userAgent": "simulation"},
                "requestId": format!("request-{}", self.requests + 1), "routeKey": "$default",
                "stage": "$default",
            },
            "isBase64Encoded": false,
        })
    }
}
