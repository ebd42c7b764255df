//! JSON objects, and nothing that only reads like one.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// A structure that stands in the JSON as an object.
///
/// A derived reader takes an array of a structure's values for the structure, so
/// `["leave","acme",…]` would be a command. Every structure that is read from an
/// event stands in this.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(members)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Pair {
        first: u8,
        second: Option<Object<Inner>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        third: u8,
    }

    #[test]
    fn an_array_is_no_object_however_deep_it_stands() {
        let read = |text| serde_json::from_str::<Object<Pair>>(text).ok().map(|Object(pair)| pair);
        let inner = Some(Object(Inner { third: 2 }));
        assert_eq!(read(r#"{"first":1}"#), Some(Pair { first: 1, second: None }));
        assert_eq!(
            read(r#"{"first":1,"second":{"third":2}}"#),
            Some(Pair { first: 1, second: inner })
        );
        for text in ["[1,null]", "[1]", r#"{"first":1,"second":[2]}"#, "1", "\"x\"", "null"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
