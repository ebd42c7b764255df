//! What a path can lead to that is no file. Pipes with a writer: `baileys`.
#![cfg(unix)]

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;

use session_import::error::ImportError;

use crate::stores;

fn pipe(path: &Path) {
    stores::run("mkfifo", &[path.as_os_str()], path.parent().unwrap());
}

#[test]
fn a_pipe_without_a_writer_is_refused_and_not_waited_for() {
    let folder = stores::folder();
    let path = folder.path().join("pipe");
    pipe(&path);
    let refused = stores::read(&stores::path(&path), None).unwrap_err();
    assert!(matches!(refused, ImportError::SilentPipe(_)), "{refused:?}");
    assert!(refused.to_string().contains("start what writes"), "{refused}");
}

#[test]
fn a_pipe_in_place_of_baileys_file_is_no_auth_folder() {
    let folder = stores::folder();
    pipe(&folder.path().join("creds.json"));
    let refused = stores::read(&stores::path(folder.path()), None).unwrap_err();
    assert!(matches!(refused, ImportError::NoCredsInFolder(_)), "{refused:?}");
}

#[test]
fn a_device_and_a_socket_are_not_opened() {
    let folder = stores::folder();
    let socket = folder.path().join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("/dev/zero", &link).unwrap();
    for path in [socket.as_path(), Path::new("/dev/zero"), Path::new("/dev/null"), &link] {
        let refused = stores::read(&stores::path(path), None).unwrap_err();
        assert!(matches!(refused, ImportError::NotAFile(_)), "{path:?}: {refused:?}");
    }
}

/// Beside a database, they are no log of it.
#[test]
fn a_pipe_and_a_folder_beside_a_database() {
    let (old, new) = stores::whatsmeow_schemas();
    let jid = "5511999990000:12@s.whatsapp.net";
    for is_pipe in [true, false] {
        let folder = stores::folder();
        let file = folder.path().join("store.db");
        let connection = stores::database(&file, &[old, new]);
        stores::add_whatsmeow(&connection, jid, &[7; 32]);
        drop(connection);
        let log = folder.path().join("store.db-wal");
        if is_pipe {
            pipe(&log);
        } else {
            fs::create_dir(&log).unwrap();
        }
        let imported = stores::read(&stores::path(&file), None).unwrap();
        assert_eq!(imported.credentials.device.to_string(), jid);
    }
}
