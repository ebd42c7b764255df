//! Requests as the events that each gateway makes of them, from `events/*.json`,
//! and answers read back.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Who sends the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    HttpApi,
    HttpApiV1,
    RestApi,
    LoadBalancer,
    LoadBalancerMultiValue,
    FunctionUrl,
    CargoLambda,
}

impl Shape {
    pub const ALL: [Self; 7] = [
        Self::HttpApi,
        Self::HttpApiV1,
        Self::RestApi,
        Self::LoadBalancer,
        Self::LoadBalancerMultiValue,
        Self::FunctionUrl,
        Self::CargoLambda,
    ];

    /// Whether the gateway has decoded the path.
    pub fn decodes_path(self) -> bool {
        matches!(self, Self::HttpApi | Self::HttpApiV1)
    }

    /// The event's field with the path.
    pub fn path_field(self) -> &'static str {
        match self {
            Self::HttpApi | Self::FunctionUrl | Self::CargoLambda => "rawPath",
            Self::HttpApiV1 | Self::RestApi | Self::LoadBalancer | Self::LoadBalancerMultiValue => {
                "path"
            }
        }
    }

    pub fn fixture(self) -> Value {
        let name = match self {
            Self::HttpApi => "http-api-v2",
            Self::HttpApiV1 => "http-api-v1",
            Self::CargoLambda => "cargo-lambda",
            Self::RestApi => "rest-v1",
            Self::LoadBalancer => "alb",
            Self::LoadBalancerMultiValue => "alb-multi-value",
            Self::FunctionUrl => "function-url",
        };
        fixture(name)
    }
}

/// A file of `events/`.
pub fn fixture(name: &str) -> Value {
    let path = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A request as a caller means it: nothing is encoded yet.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Request {
    /// `DELETE /api/group/leave/{instance}?identifier=…` with a token.
    pub fn leave(token: &str, instance: &str, identifier: &str) -> Self {
        Self::to(instance).query("identifier", identifier).header("token", token)
    }

    /// The same without token and identifier.
    pub fn to(instance: &str) -> Self {
        Self {
            method: "DELETE".to_owned(),
            path: format!("/api/group/leave/{instance}"),
            query: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.query.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The event that a gateway of `shape` makes of it.
    pub fn event(&self, shape: Shape) -> String {
        let mut event = shape.fixture();
        let raw_query = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect::<Vec<_>>()
            .join("&");
        let path = if shape.decodes_path() { self.path.clone() } else { encode_path(&self.path) };
        match shape {
            Shape::HttpApi | Shape::FunctionUrl | Shape::CargoLambda => {
                event["rawPath"] = json!(path);
                event["requestContext"]["http"]["path"] = json!(path);
                event["requestContext"]["http"]["method"] = json!(self.method);
                event["rawQueryString"] = json!(raw_query);
                event["queryStringParameters"] = single(&self.query);
                event["headers"] = joined(&self.headers);
            }
            Shape::RestApi | Shape::HttpApiV1 => {
                event["path"] = json!(path);
                event["requestContext"]["path"] = json!(path);
                event["httpMethod"] = json!(self.method);
                event["requestContext"]["httpMethod"] = json!(self.method);
                event["queryStringParameters"] = single(&self.query);
                event["multiValueQueryStringParameters"] = multiple(&self.query);
                event["headers"] = single(&self.headers);
                event["multiValueHeaders"] = multiple(&self.headers);
            }
            Shape::LoadBalancer | Shape::LoadBalancerMultiValue => {
                let encoded: Vec<_> =
                    self.query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
                event["path"] = json!(path);
                event["httpMethod"] = json!(self.method);
                if shape == Shape::LoadBalancer {
                    event["queryStringParameters"] = single(&encoded);
                    event["headers"] = joined(&self.headers);
                } else {
                    event["multiValueQueryStringParameters"] = multiple(&encoded);
                    event["multiValueHeaders"] = multiple(&self.headers);
                }
            }
        }
        event.to_string()
    }
}

fn single(pairs: &[(String, String)]) -> Value {
    json!(pairs.iter().cloned().collect::<BTreeMap<_, _>>())
}

fn multiple(pairs: &[(String, String)]) -> Value {
    let mut values: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        values.entry(name).or_default().push(value);
    }
    json!(values)
}

fn joined(pairs: &[(String, String)]) -> Value {
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in pairs {
        let joined = values.entry(name).or_default();
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(value);
    }
    json!(values)
}

/// Everything but the unreserved characters.
pub fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn encode_path(path: &str) -> String {
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

/// An answer, whatever its form was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub body: String,
    headers: BTreeMap<String, String>,
}

impl Reply {
    /// Reads the form of any gateway.
    pub fn read(answer: &str) -> Self {
        let answer: Value = serde_json::from_str(answer).unwrap();
        let mut headers = BTreeMap::new();
        for (name, value) in answer["headers"].as_object().into_iter().flatten() {
            headers.insert(name.to_ascii_lowercase(), value.as_str().unwrap().to_owned());
        }
        for (name, values) in answer["multiValueHeaders"].as_object().into_iter().flatten() {
            let values = values.as_array().unwrap().iter().map(|value| value.as_str().unwrap());
            headers.insert(name.to_ascii_lowercase(), values.collect::<Vec<_>>().join(","));
        }
        assert_ne!(answer["isBase64Encoded"], json!(true), "{answer}");
        Self {
            status: u16::try_from(answer["statusCode"].as_u64().unwrap()).unwrap(),
            body: answer["body"].as_str().unwrap_or_default().to_owned(),
            headers,
        }
    }

    /// The names of all headers, in order.
    pub fn header_names(&self) -> Vec<&str> {
        self.headers.keys().map(String::as_str).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn number(&self, name: &str) -> u64 {
        let value = self.header(name).unwrap_or_else(|| panic!("no {name} in {self:?}"));
        value.parse().unwrap()
    }
}
