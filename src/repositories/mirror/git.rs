//! Calling git so that nothing but its arguments tells it what to do.

use std::{
    io::{self, Write},
    path::Path,
    process::Command,
};

/// The whole of git's configuration in the child, beside that of the repository at `path`.
///
/// A file, because older gits do not take `safe.directory` from the environment.
pub(super) fn configuration_trusting(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new()?;
    let quoted = path.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    writeln!(file, "[safe]\n\tdirectory = *\n\tdirectory = \"{quoted}\"")?;
    writeln!(file, "[core]\n\thooksPath = /dev/null\n[protocol]\n\tallow = never")?;
    file.flush()?;
    Ok(file)
}

/// A git without the environment's opinions, that never asks and never connects anywhere.
pub(super) fn command(configuration: &Path) -> Command {
    let mut command = Command::new("git");
    // Whatever the environment says about git was meant for another repository.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GIT_") {
            command.env_remove(name);
        }
    }
    command
        .env("GIT_CONFIG_GLOBAL", configuration)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .current_dir("/");
    command
}
