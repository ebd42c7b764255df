//! What Lambda hands over, JSON or not.

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// An event as it came.
///
/// Reading one never fails, so that bytes which are no JSON are refused by us, with
/// our line and our error type, and not by the runtime.
#[derive(Debug)]
pub struct Payload(pub(super) Result<Box<RawValue>, String>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Box::<RawValue>::deserialize(deserializer).map_err(|error| error.to_string())))
    }
}
