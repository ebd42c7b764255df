//! Files for this user alone, whatever the umask allows: the data folder has keys,
//! tokens' table and sessions in it.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Makes a folder that only this user enters. One that is there already keeps its mode:
/// it is its owner's, and may be shared on purpose.
///
/// # Errors
/// What the file system says.
pub(crate) fn folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Begins a file anew that only this user reads.
///
/// # Errors
/// What the file system says.
pub fn create(path: &Path) -> io::Result<File> {
    open(path, true)
}

/// Writes a file anew that only this user reads.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create(path)?.write_all(bytes)
}

/// Opens a file that only this user reads, and makes it where there is none.
///
/// # Errors
/// What the file system says.
pub(crate) fn hold(path: &Path) -> io::Result<File> {
    open(path, false)
}

/// Makes an empty file that only this user reads, or takes one that is there from
/// everybody else.
///
/// # Errors
/// What the file system says.
pub(crate) fn keep(path: &Path) -> io::Result<()> {
    if !path.exists() {
        return open(path, false).map(drop);
    }
    #[cfg(unix)]
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn open(path: &Path, anew: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(anew);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // The mode above is for a new file only. What is no file has its own.
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(file)
}
