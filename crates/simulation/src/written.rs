//! What is written of an instance, at the moment when it is applied.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::machine::Machine;
use crate::stand::partition;
use crate::world::INSTANCES;

/// One applied write at an instance.
pub(crate) struct Written<'a> {
    pub(crate) machine: &'a Machine,
    pub(crate) instance: usize,
    /// The instance's session before and after.
    pub(crate) before: &'a Value,
    pub(crate) after: &'a Value,
    /// Keys of what else of it was put, changed or deleted.
    pub(crate) rows: &'a [Row],
}

/// Another item of an instance that was written.
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) is_deleted: bool,
    /// What stood there, and what stands there now.
    pub(crate) before: Value,
    pub(crate) after: Value,
}

type Watch = Arc<dyn Fn(&Written<'_>) + Send + Sync>;

/// Who is told. Clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<Option<Watch>>>);

impl Watcher {
    pub(crate) fn watch(&self, watch: impl Fn(&Written<'_>) + Send + Sync + 'static) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(watch));
    }

    /// Applies a call by `apply`, which reads and writes, and tells who watches of it.
    pub(crate) fn see(
        &self,
        machine: &Machine,
        (operation, body): (&str, &str),
        item: impl Fn(&str, &str) -> Option<Value>,
        apply: impl FnOnce() -> (u16, String),
    ) -> (u16, String) {
        let is_write =
            matches!(operation, "UpdateItem" | "PutItem" | "DeleteItem" | "TransactWriteItems");
        let watch = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(watch) = watch.filter(|_| is_write && body.contains("INSTANCE#")) else {
            return apply();
        };
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        let actions = actions(&body);
        let touched: Vec<usize> = (0..INSTANCES.len())
            .filter(|instance| actions.iter().any(|action| action.pk == partition(*instance)))
            .collect();
        let session = |instance: usize| item(&partition(instance), "SESSION").unwrap_or_default();
        let before: Vec<Value> = touched.iter().map(|instance| session(*instance)).collect();
        let rows: Vec<Vec<Row>> = touched
            .iter()
            .map(|instance| {
                let pk = partition(*instance);
                let its = actions.iter().filter(|it| it.pk == pk && it.sk != "SESSION");
                let row = |action: &Action| Row {
                    key: action.sk.clone(),
                    is_deleted: action.is_deletion,
                    before: item(&pk, &action.sk).unwrap_or_default(),
                    after: Value::Null,
                };
                its.map(row).collect()
            })
            .collect();
        let (status, reply) = apply();
        if status == 200 {
            for ((instance, before), mut rows) in touched.into_iter().zip(&before).zip(rows) {
                let after = session(instance);
                for row in &mut rows {
                    row.after = item(&partition(instance), &row.key).unwrap_or_default();
                }
                // A transaction that was applied before is answered the same, and writes nothing.
                rows.retain(|row| row.before != row.after);
                watch(&Written { machine, instance, before, after: &after, rows: &rows });
            }
        }
        (status, reply)
    }
}

/// One item of a write.
struct Action {
    pk: String,
    sk: String,
    is_deletion: bool,
}

/// What a call writes; what it only looks at is none of it.
fn actions(body: &Value) -> Vec<Action> {
    let of = |action: &Value, is_deletion: bool| {
        let key = if action["Key"].is_object() { &action["Key"] } else { &action["Item"] };
        let text = |name: &str| key[name]["S"].as_str().unwrap_or_default().to_owned();
        Action { pk: text("pk"), sk: text("sk"), is_deletion }
    };
    match body["TransactItems"].as_array() {
        Some(items) => items
            .iter()
            .filter_map(|item| {
                let written = ["Put", "Update"].into_iter().find(|kind| item[*kind].is_object());
                match written {
                    Some(kind) => Some(of(&item[kind], false)),
                    None => item["Delete"].is_object().then(|| of(&item["Delete"], true)),
                }
            })
            .collect(),
        None => vec![of(body, body["Item"].is_null() && body["UpdateExpression"].is_null())],
    }
}
