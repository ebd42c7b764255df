//! The schemas in `docs/json/`: of what each command prints with `--json`, out of the types
//! that it prints. After a change: `UPDATE_SNAPSHOTS=1 cargo test -p leavectl schemas`.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use crate::{
    account, doctor, group, history, instance, json, key, leave, phone, table, token, up, version,
};

fn of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

fn all() -> BTreeMap<&'static str, Schema> {
    BTreeMap::from([
        ("account-create", of::<account::create::Printed>()),
        ("account-delete", of::<account::delete::Printed>()),
        ("account-list", of::<account::list::Printed>()),
        ("doctor", of::<doctor::Printed>()),
        ("error", of::<json::Refusal>()),
        ("group-list", of::<group::list::Printed>()),
        ("group-sync", of::<group::sync::Printed>()),
        ("history", of::<history::Printed>()),
        ("instance-check", of::<instance::check::Printed>()),
        ("instance-create", of::<instance::create::Printed>()),
        ("instance-delete", of::<instance::delete::Printed>()),
        ("instance-import", of::<instance::import::Printed>()),
        ("instance-link", of::<instance::link::printed::Printed>()),
        ("instance-list", of::<instance::list::Printed>()),
        ("instance-rename", of::<instance::rename::Printed>()),
        ("instance-set-proxy", of::<instance::set_proxy::Printed>()),
        ("instance-show", of::<instance::show::Printed>()),
        ("instance-unblock", of::<instance::unblock::Printed>()),
        ("key-rotate", of::<key::rotate::Printed>()),
        ("leave", of::<leave::printed::Printed>()),
        ("phone-enter", of::<phone::Printed<'static>>()),
        ("phone-scan", of::<phone::Printed<'static>>()),
        ("table-create", of::<table::create::Printed>()),
        ("table-status", of::<table::status::Printed>()),
        ("token-issue", of::<token::issue::Printed>()),
        ("token-list", of::<token::list::Printed>()),
        ("token-revoke", of::<token::revoke::Printed>()),
        ("up", of::<up::printed::Printed<'static>>()),
        ("version-refresh", of::<version::refresh::Printed>()),
        ("version-set", of::<version::set::Printed>()),
        ("version-show", of::<version::show::Printed>()),
    ])
}

#[test]
fn the_schema_of_every_output_is_as_it_was_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json");
    let schemas: BTreeMap<String, String> = all()
        .into_iter()
        .map(|(name, mut schema)| {
            // A command of two words, or of one.
            let command = name.replacen('-', " ", 1);
            schema.insert("title".to_owned(), format!("leavectl {command} --json").into());
            let text = serde_json::to_string_pretty(&schema).unwrap_or_default();
            (format!("{name}.json"), format!("{text}\n"))
        })
        .collect();
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        let _ = std::fs::create_dir_all(&folder);
        for (name, schema) in &schemas {
            let _ = std::fs::write(folder.join(name), schema);
        }
    }
    for (name, schema) in &schemas {
        let kept = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(*schema, kept, "{name}: read it, then UPDATE_SNAPSHOTS=1");
    }
    let kept = std::fs::read_dir(&folder).map(|files| {
        files
            .flatten()
            .filter(|file| file.path().extension().is_some_and(|it| it == "json"))
            .count()
    });
    assert_eq!(kept.ok(), Some(schemas.len()), "a schema of what is printed no more");
}
