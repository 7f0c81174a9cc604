//! Putting many small packs together.
//!
//! Every fetch that brings something adds a pack, and every look-up asks each of them. gix writes
//! no packs from objects, so this is left to `git repack`, which also leaves behind what no branch
//! or tag reaches any more. A mirror works without it, only slower: that git is missing or fails
//! is a line in the log.

use std::{
    fs, io,
    path::Path,
    process::{Child, Stdio},
    thread,
};

use super::{
    git,
    guard::{Guard, TICK},
    layout,
};

/// As many packs as `git gc` takes before it acts.
const MAX_PACKS: usize = 50;

/// Makes one pack of all when there are too many; cut short when the fetch has to end.
pub(super) fn compact(mirror: &Path, guard: &Guard) {
    if pack_count(mirror) <= MAX_PACKS {
        return;
    }
    // What has a `.keep` would be left alone.
    let cleaned = layout::clean(mirror).map_err(|error| error.to_string());
    let done = cleaned.and_then(|()| repack(mirror, guard).map_err(|error| error.to_string()));
    if let Err(reason) = done {
        tracing::warn!(reason, "Left the packs of a mirror as they are: {reason}");
    }
}

fn repack(mirror: &Path, guard: &Guard) -> io::Result<()> {
    let configuration = git::configuration_trusting(mirror)?;
    let child = git::command(configuration.path())
        .args(["-c", "pack.writeReverseIndex=false", "-c", "repack.writeBitmaps=false"])
        .arg("--git-dir")
        .arg(mirror)
        .args(["repack", "-a", "-d", "-q"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    wait(child, guard)
}

fn wait(mut child: Child, guard: &Guard) -> io::Result<()> {
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() {
                Ok(())
            } else {
                Err(io::Error::other(status.to_string()))
            };
        }
        if let Err(error) = guard.check() {
            child.kill()?;
            child.wait()?;
            return Err(error);
        }
        thread::sleep(TICK);
    }
}

fn pack_count(mirror: &Path) -> usize {
    let files = fs::read_dir(mirror.join("objects/pack"));
    let is_pack = |name: &fs::DirEntry| name.file_name().to_string_lossy().ends_with(".pack");
    files.map_or(0, |files| files.flatten().filter(is_pack).count())
}
