//! An answer in the form that its origin expects.

use lambda_http::Body;
use lambda_http::aws_lambda_events::alb::AlbTargetGroupResponse;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayProxyResponse, ApiGatewayV2httpResponse};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::http::Answer;
use super::kind::Origin;

/// The JSON to hand back to Lambda.
pub(super) fn write(origin: Origin, answer: Answer) -> Box<RawValue> {
    let Answer { status, headers, body } = answer;
    let body = body.map(Body::Text);
    match origin {
        Origin::HttpApi | Origin::FunctionUrl | Origin::CargoLambda => {
            let mut response = ApiGatewayV2httpResponse::default();
            response.status_code = status.as_u16().into();
            response.headers = headers;
            response.body = body;
            json(&response)
        }
        Origin::RestApi | Origin::HttpApiV1 => {
            let mut response = ApiGatewayProxyResponse::default();
            response.status_code = status.as_u16().into();
            response.headers = headers;
            response.body = body;
            json(&response)
        }
        Origin::LoadBalancer { multi_value } => {
            let mut response = AlbTargetGroupResponse::default();
            response.status_code = status.as_u16().into();
            response.status_description = Some(format!(
                "{} {}",
                status.as_u16(),
                status.canonical_reason().unwrap_or_default()
            ));
            // A target group reads one of the two, as it is set.
            if multi_value {
                response.multi_value_headers = headers;
            } else {
                response.headers = headers;
            }
            response.body = body;
            json(&response)
        }
    }
}

/// Header values are visible ASCII and bodies are our own text, so this cannot
/// fail; `null` is what Lambda turns into a 502 if it ever did.
pub(super) fn json(response: &impl Serialize) -> Box<RawValue> {
    to_raw_value(response).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
