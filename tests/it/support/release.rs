//! The process of this release, and that of the one before, which is built out of the
//! repository's own history.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Whose process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The one that `release_before.txt` names.
    Before,
    /// What is being worked on.
    This,
}

impl Release {
    /// Who comes first: as traffic is shifted, and after going back.
    pub const ORDERS: [[Self; 2]; 2] = [[Self::Before, Self::This], [Self::This, Self::Before]];

    /// Its `bootstrap`; that of the release before is built when it is asked for first.
    pub async fn bootstrap(self) -> PathBuf {
        match self {
            Self::This => this(),
            Self::Before => {
                let built = tokio::task::spawn_blocking(|| BUILT.get_or_init(built).clone());
                built.await.unwrap().unwrap_or_else(|why| panic!("{why}"))
            }
        }
    }
}

/// An artefact that was built elsewhere can be put in place of this build's.
pub fn this() -> PathBuf {
    let given = std::env::var_os("LEAVE_GROUP_BOOTSTRAP");
    given.map_or_else(|| env!("CARGO_BIN_EXE_bootstrap").into(), PathBuf::from)
}

/// Once for all tests of this process, also where it fails.
static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();

fn built() -> Result<PathBuf, String> {
    let hash = hash(include_str!("../release_before.txt"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("release-before").join(hash);
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(&folder).map_err(failed)?;
    // Another test process may be at it; the lock ends with this value.
    let lock = File::create(folder.join("lock")).map_err(failed)?;
    lock.lock().map_err(failed)?;
    let out = folder.join("out");
    let binary = out.join("debug/bootstrap");
    // Cargo puts it there whole, as the last thing that it does.
    if !binary.exists() {
        let source = folder.join("source");
        unpack(hash, &source).map_err(failed)??;
        build(&source, &out).map_err(failed)??;
    }
    Ok(binary)
}

/// The line that is no comment.
fn hash(text: &str) -> &str {
    text.lines().find(|line| !line.starts_with('#')).unwrap_or_default().trim()
}

/// Puts the source of a commit into a folder that was not there.
fn unpack(hash: &str, source: &Path) -> std::io::Result<Result<(), String>> {
    let git = |arguments: &[&str]| {
        let mut git = Command::new("git");
        git.args(["-C", env!("CARGO_MANIFEST_DIR")]).args(arguments);
        git
    };
    if let Err(why) = run(&mut git(&["cat-file", "-e", &format!("{hash}^{{commit}}")])) {
        return Ok(Err(format!(
            "the release before this one, {hash}, is not in this folder's Git history, and the \
             tests of two releases need its source: clone the repository with its whole history \
             (`git fetch --unshallow` where it is shallow, `fetch-depth: 0` in a workflow)\n{why}"
        )));
    }
    if source.exists() {
        fs::remove_dir_all(source)?;
    }
    fs::create_dir_all(source)?;
    let packed = source.with_extension("tar");
    let name = packed.to_string_lossy();
    let unpacked = run(&mut git(&["archive", "--format=tar", "--output", &name, hash]))
        .and_then(|()| run(Command::new("tar").arg("-xf").arg(&packed).arg("-C").arg(source)));
    // Whether or not it was written.
    let _ = fs::remove_file(&packed);
    Ok(unpacked)
}

/// Builds the process, its dependencies where those of the tests stand, which nearly all are
/// the same.
fn build(source: &Path, out: &Path) -> std::io::Result<Result<(), String>> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..").canonicalize()?;
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(source)
        .args(["build", "--locked", "--quiet", "--bin", "bootstrap", "--package", "leave-group"])
        // It asks for the features that the tests ask for; nothing of it is built.
        .args(["--package", "local-stack"])
        .env("CARGO_TARGET_DIR", out)
        .env("CARGO_BUILD_BUILD_DIR", target)
        // Cargo tells a crate of the workspace from that of another checkout by nothing but
        // name, version, profile: each would take the other's for its own. This is a profile
        // that nobody has; what others wrote is built without debug information in both.
        .env("CARGO_PROFILE_DEV_DEBUG", "line-directives-only")
        .env_remove("CARGO_BUILD_TARGET");
    // What Cargo tells a test about its package would make build scripts of dependencies run
    // anew, here and in the next build of the tests.
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_this_package(name)) {
        cargo.env_remove(name);
    }
    Ok(run(&mut cargo))
}

fn is_of_this_package(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name == "OUT_DIR"
        || ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|its| name.starts_with(its))
}

/// Runs a program to its end; what it says where that is no good one.
fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr)))
}
