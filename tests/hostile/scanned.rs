//! `quarterdeck scan --json` in a process of its own, with a clock and a look at its memory.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use quarterdeck::scanner::{ScanReport, model::Warning};
use serde_json::Value;

/// More is a hang: the largest of these repositories takes a fraction of it, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(4);

/// What came of a scan.
pub(crate) struct Scanned {
    /// The report; null where there is none.
    pub(crate) report: Value,
    /// What the command said when it failed.
    pub(crate) error: String,
    pub(crate) took: Duration,
    /// The most memory that it ever had.
    pub(crate) peak_megabytes: u64,
}

pub(crate) fn scan(repository: &Path) -> Scanned {
    let home = tempfile::tempdir().unwrap();
    let output = |name: &str| fs::File::create(home.path().join(name)).unwrap();
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_quarterdeck"))
        .args(["scan", "--json"])
        .arg(repository)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", home.path())
        .stdin(Stdio::null())
        .stdout(output("out"))
        .stderr(output("error"))
        .spawn()
        .unwrap();
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_kilobytes(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the scan hangs");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let error = String::from_utf8_lossy(&fs::read(home.path().join("error")).unwrap()).into_owned();
    assert!(status.code().is_some_and(|code| code < 100), "the scan crashed: {status} {error}");
    let report = if status.success() {
        serde_json::from_slice(&fs::read(home.path().join("out")).unwrap()).unwrap()
    } else {
        Value::Null
    };
    Scanned { report, error, took: begun.elapsed(), peak_megabytes: peak / 1024 }
}

fn peak_kilobytes(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

impl Scanned {
    /// Texts of one field of a list, in its order.
    pub(crate) fn all(&self, list: &str, field: &str) -> Vec<String> {
        let items =
            self.report[list].as_array().unwrap_or_else(|| panic!("no {list}: {}", self.error));
        items.iter().map(|item| item[field].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The codes and paths of the warnings.
    pub(crate) fn warnings(&self) -> Vec<(String, String)> {
        self.all("warnings", "code").into_iter().zip(self.all("warnings", "path")).collect()
    }

    pub(crate) fn commits(&self) -> &Vec<Value> {
        self.report["commits"]["items"].as_array().unwrap_or_else(|| panic!("{}", self.error))
    }

    pub(crate) fn history_warnings(&self) -> Vec<String> {
        let warnings = self.report["commits"]["warnings"].as_array().unwrap();
        warnings.iter().map(|warning| warning.as_str().unwrap().to_owned()).collect()
    }

    /// It was refused, in words.
    pub(crate) fn assert_refused(&self, words: &str) {
        assert!(self.report.is_null(), "a result instead of a refusal");
        assert!(self.error.contains(words), "{}", self.error);
    }
}

pub(crate) fn pair(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

/// The codes and paths of a report's warnings.
pub(crate) fn warnings_of(report: &ScanReport) -> Vec<(String, String)> {
    let path = |warning: &Warning| warning.path.clone().unwrap_or_default();
    report.warnings.iter().map(|warning| (warning.code.as_str(), path(warning))).collect()
}

pub(crate) fn notes_of(report: &ScanReport) -> Vec<&str> {
    report.todos.iter().map(|todo| todo.path.as_str()).collect()
}
