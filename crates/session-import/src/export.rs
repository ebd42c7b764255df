//! Text as tools export it: one JSON value, several one after another, an array, a
//! JSON string around it, or CSV.

use std::fmt;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::csv;
use crate::error::{ImportError, Seen};
use crate::json;
use crate::record::{Form, Kind, Record};
use crate::source::Source;

/// More than the keys of any session, each in its row.
const MOST: usize = 200_000;

/// One session, or what may be one.
pub(crate) enum Entry<'a> {
    /// A row or document that can be imported.
    Record(Form, Record<'a>),
    /// A JSON string with JSON in it: Evolution API's column alone.
    Column(&'a RawValue),
}

impl Entry<'_> {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::Record(form, _) => form.source(),
            Self::Column(_) => Source::Evolution,
        }
    }
}

/// What of an export can be imported, and what the rest looks like.
pub(crate) struct Export<'a> {
    pub(crate) entries: Vec<Entry<'a>>,
    rest: Seen,
}

impl<'a> Export<'a> {
    /// Takes a text apart. What is no export of any kind has no entries.
    pub(crate) fn of(text: &'a str) -> Result<Self, ImportError> {
        let text = text.trim_start();
        let mut export = Self { entries: Vec::new(), rest: Seen::OtherJson };
        if !text.starts_with(['{', '['])
            && let Some(records) = csv::records(text)
        {
            for record in records? {
                export.add(record);
            }
            return Ok(export);
        }
        if !text.starts_with(['{', '[', '"']) {
            export.rest = if names_a_key(text) { Seen::AroundSession } else { Seen::OtherText };
            return Ok(export);
        }
        let values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        for (count, value) in values.enumerate() {
            if count == MOST {
                break;
            }
            match value {
                Ok(value) => export.add_json(value)?,
                // Quoted values without the line that names them.
                Err(_) if text.starts_with('"') && names_a_key(text) => {
                    export.rest = Seen::AroundSession;
                    return Ok(export);
                }
                Err(error) => {
                    return Err(ImportError::Json { line: error.line(), column: error.column() });
                }
            }
        }
        Ok(export)
    }

    fn add_json(&mut self, value: &'a RawValue) -> Result<(), ImportError> {
        match value.get().as_bytes().first() {
            Some(b'{') => self.add_object(value),
            Some(b'[') => {
                let Objects(objects) = json::parse(value.get())?;
                for value in objects {
                    self.add_object(value);
                }
            }
            Some(b'"') => {
                let holds_json = json::unescape(value.get())
                    .is_some_and(|inner| inner.trim_start().starts_with(['{', '"']));
                if holds_json {
                    self.entries.push(Entry::Column(value));
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn add_object(&mut self, value: &'a RawValue) {
        if let Some(record) = Record::of_json(value) {
            self.add(record);
        }
    }

    fn add(&mut self, record: Record<'a>) {
        match record.kind() {
            Kind::Session(form) => self.entries.push(Entry::Record(form, record)),
            Kind::WhatsappRust => self.rest = Seen::RowOfWhatsappRust,
            Kind::SignalKey => self.rest = Seen::SignalKeys,
            Kind::Other => {
                let is_around = record.json.is_some_and(|json| names_a_key(json.get()));
                if is_around && self.rest == Seen::OtherJson {
                    self.rest = Seen::AroundSession;
                }
            }
        }
    }

    /// The programs whose entries are there, without repetition.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let mut sources = Vec::new();
        for source in self.entries.iter().map(Entry::source) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    /// What it is, in a word.
    pub(crate) fn seen(&self) -> Seen {
        self.sources().first().map_or(self.rest, |source| Seen::From(*source))
    }
}

/// Whether a name under which a key is stored is anywhere in the text.
fn names_a_key(text: &str) -> bool {
    ["noiseKey", "noise_key", "whatsmeow_device"].iter().any(|name| text.contains(name))
}

/// The objects of an array; what else is in it is passed over.
struct Objects<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Objects<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Array)
    }
}

struct Array;

impl<'de> Visitor<'de> for Array {
    type Value = Objects<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Objects<'de>, A::Error> {
        let mut objects = Vec::new();
        while let Some(item) = items.next_element::<&RawValue>()? {
            if item.get().starts_with('{') && objects.len() < MOST {
                objects.push(item);
            }
        }
        Ok(Objects(objects))
    }
}
