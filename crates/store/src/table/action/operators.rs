//! Conditions and actions that operators' rows alone are made of.

use super::{Action, Condition, Kind};
use crate::table::keys::Key;

impl Condition {
    /// No such item is there.
    pub(crate) fn is_new() -> Self {
        Self::new("attribute_not_exists(pk)")
    }

    /// The item is there.
    pub(crate) fn exists() -> Self {
        Self::new("attribute_exists(pk)")
    }

    pub(crate) fn and(mut self, expression: &str) -> Self {
        self.expression = format!("({}) AND ({expression})", self.expression);
        self
    }

    pub(crate) fn name(mut self, placeholder: &str, name: &str) -> Self {
        self.names.insert(placeholder.to_owned(), name.to_owned());
        self
    }
}

impl Action {
    pub(crate) fn change(key: Key, expression: &str, condition: Condition) -> Self {
        let expression = expression.to_owned();
        Self::of(Kind::Change { key, expression }, Some(condition))
    }

    pub(crate) fn delete_if(key: Key, condition: Condition) -> Self {
        Self::of(Kind::Delete(key), Some(condition))
    }
}
