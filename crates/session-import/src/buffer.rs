//! A JavaScript `Buffer` in the forms that JSON gives it.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use zeroize::Zeroizing;

/// The longest value that is kept: more than any key, little enough to hold several.
const LONGEST: usize = 128;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The bytes of `{"type":"Buffer","data":…}`, `{"0":n,…}`, `[n,…]`, plain base64, or
/// `MongoDB`'s `{"$binary":…}` (Extended JSON, versions 1 and 2). Its room is made once,
/// so that no copy stays behind where it grew.
pub(crate) struct Buffer(pub(crate) Zeroizing<Vec<u8>>);

/// The bytes of JSON in any of the forms.
pub(crate) fn of_json(json: &str) -> Option<Zeroizing<Vec<u8>>> {
    serde_json::from_str(json).ok().map(|Buffer(bytes)| bytes)
}

/// The bytes of base64.
pub(crate) fn of_text(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; LONGEST]);
    let length = BASE64.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

impl<'de> Deserialize<'de> for Buffer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Forms)
    }
}

struct Forms;

impl<'de> Visitor<'de> for Forms {
    type Value = Buffer;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Buffer, E> {
        of_text(text).map(Buffer).ok_or_else(|| E::custom("not base64, or too long"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Buffer, A::Error> {
        let mut bytes = room();
        while let Some(Byte(byte)) = items.next_element()? {
            push(&mut bytes, byte)?;
        }
        Ok(Buffer(bytes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Buffer, A::Error> {
        let mut bytes = room();
        let mut inner = None;
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                // `value` is what old versions wrote.
                "data" | "value" | "$binary" | "base64" => {
                    inner = Some(fields.next_value::<Buffer>()?);
                }
                // Base64 in what MongoDB's driver makes of its `Binary`, else a mark.
                "buffer" => {
                    let MarkOrText(text) = fields.next_value()?;
                    inner = text.or(inner);
                }
                "type" | "$type" | "subType" | "sub_type" | "position" => {
                    fields.next_value::<IgnoredAny>()?;
                }
                index if index.parse() == Ok(bytes.len()) => {
                    let Byte(byte) = fields.next_value()?;
                    push(&mut bytes, byte)?;
                }
                _ => return Err(A::Error::custom("not a Buffer")),
            }
        }
        Ok(inner.unwrap_or(Buffer(bytes)))
    }
}

/// A number, or `MongoDB`'s `{"$numberInt":"…"}`.
struct Byte(u8);

impl<'de> Deserialize<'de> for Byte {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl<'de> Visitor<'de> for Number {
            type Value = u8;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<u8, E> {
                number.try_into().map_err(|_| E::custom("not a byte"))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<u8, A::Error> {
                let number = fields.next_entry::<String, String>()?;
                let is_last = fields.next_key::<IgnoredAny>()?.is_none();
                match number {
                    Some((name, digits)) if name == "$numberInt" && is_last => {
                        digits.parse().map_err(|_| A::Error::custom("not a byte"))
                    }
                    _ => Err(A::Error::custom("not a byte")),
                }
            }
        }
        deserializer.deserialize_any(Number).map(Self)
    }
}

struct MarkOrText(Option<Buffer>);

impl<'de> Deserialize<'de> for MarkOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = MarkOrText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, or base64")
            }

            fn visit_bool<E: Error>(self, _: bool) -> Result<MarkOrText, E> {
                Ok(MarkOrText(None))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<MarkOrText, E> {
                Forms.visit_str(text).map(|buffer| MarkOrText(Some(buffer)))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn room() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(LONGEST))
}

fn push<E: Error>(bytes: &mut Vec<u8>, byte: u8) -> Result<(), E> {
    if bytes.len() == LONGEST {
        return Err(E::custom("too long"));
    }
    bytes.push(byte);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_gives_the_bytes() {
        for json in [
            r#"{"type":"Buffer","data":"AAEC/w=="}"#,
            r#"{"type":"Buffer","data":"AAEC/w"}"#,
            r#"{"type":"Buffer","data":"AAEC\/w=="}"#,
            r#"{"type":"Buffer","data":[0,1,2,255]}"#,
            r#"{"type":"Buffer","data":{"0":0,"1":1,"2":2,"3":255}}"#,
            r#"{"data":"AAEC/w==","type":"Buffer"}"#,
            r#"{"buffer":true,"value":"AAEC/w=="}"#,
            r#"{"0":0,"1":1,"2":2,"3":255}"#,
            "[0,1,2,255]",
            r#""AAEC/w==""#,
            r#"{"$binary":{"base64":"AAEC/w==","subType":"00"}}"#,
            r#"{"$binary":"AAEC/w==","$type":"00"}"#,
            r#"{"sub_type":0,"buffer":"AAEC/w==","position":4}"#,
            r#"{"type":"Buffer","data":[{"$numberInt":"0"},{"$numberInt":"1"},2,{"$numberInt":"255"}]}"#,
        ] {
            let buffer: Buffer = serde_json::from_str(json).unwrap();
            assert_eq!(buffer.0.as_slice(), [0, 1, 2, 255], "{json}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let long = format!("[{}0]", "0,".repeat(LONGEST));
        for json in [
            "null",
            "1",
            "true",
            r#""no base64!""#,
            r#"{"type":"Buffer","data":null}"#,
            r#"{"0":0,"2":2}"#,
            r#"{"1":0}"#,
            r#"{"other":1}"#,
            "[256]",
            "[-1]",
            "[1.5]",
            r#"["1"]"#,
            r#"[{"$numberInt":"256"}]"#,
            r#"[{"$numberInt":"1","x":"1"}]"#,
            r#"[{"$numberLong":"1"}]"#,
            r#"{"$binary":1}"#,
            r#"{"buffer":1}"#,
            long.as_str(),
            &format!("\"{}\"", "A".repeat(4 * LONGEST)),
        ] {
            assert!(serde_json::from_str::<Buffer>(json).is_err(), "{json}");
        }
    }
}
