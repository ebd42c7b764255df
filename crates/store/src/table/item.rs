//! Reading items. An attribute that is there but unreadable is corruption;
//! attributes that nobody asks for are left alone.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

/// An item's attributes, as the SDK has them.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// An item cannot be what it should be. Names the attribute, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("attribute {0} is missing or unreadable")]
pub struct Corrupt(pub &'static str);

/// Typed access to an item's attributes.
#[derive(Clone, Copy)]
pub(crate) struct Item<'a>(pub(crate) &'a Attributes);

impl<'a> Item<'a> {
    /// A text, when it is there.
    pub(crate) fn optional_text(self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_s().ok().map(String::as_str)
    }

    /// A text that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub(crate) fn text(self, name: &'static str) -> Result<&'a str, Corrupt> {
        self.optional_text(name).ok_or(Corrupt(name))
    }

    /// A number, when it is there.
    pub(crate) fn optional_number(self, name: &str) -> Option<u64> {
        self.0.get(name)?.as_n().ok()?.parse().ok()
    }

    /// A number that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub(crate) fn number(self, name: &'static str) -> Result<u64, Corrupt> {
        self.optional_number(name).ok_or(Corrupt(name))
    }

    /// Bytes that have to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when they are not.
    pub(crate) fn binary(self, name: &'static str) -> Result<&'a [u8], Corrupt> {
        let value = self.0.get(name).ok_or(Corrupt(name))?;
        value.as_b().map(AsRef::as_ref).map_err(|_| Corrupt(name))
    }

    /// A map that has to be there.
    ///
    /// # Errors
    /// [`Corrupt`] when it is not.
    pub(crate) fn map(self, name: &'static str) -> Result<&'a Attributes, Corrupt> {
        let value = self.0.get(name).ok_or(Corrupt(name))?;
        value.as_m().map_err(|_| Corrupt(name))
    }
}

/// A text attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number attribute.
pub(crate) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// A binary attribute.
pub(crate) fn binary(value: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(value))
}
