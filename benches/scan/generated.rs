//! Repositories made by `git fast-import`, the same ones on every machine.

use std::{
    fs,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};

/// Raise it whenever other repositories are made.
const VERSION: u32 = 2;

const AREAS: usize = 80;
const FILES_AN_AREA: usize = 20;
const COMMITS: usize = 12_000;
/// So many commits, and then a merge of a branch of one commit.
const MERGE_EVERY: usize = 25;

const LARGE_DIRECTORIES: usize = 400;
const LARGE_FILES_A_DIRECTORY: usize = 250;

const WORDS: [&str; 16] = [
    "payout", "ledger", "retry", "batch", "window", "account", "signal", "cursor", "tenant",
    "grant", "session", "mirror", "report", "detect", "budget", "notice",
];
const ENDINGS: [&str; 5] = ["rs", "py", "ts", "go", "md"];

/// 1,600 files that 12,000 commits and some merges have edited.
pub(crate) fn with_history(directory: &Path) -> anyhow::Result<PathBuf> {
    made(directory, "history", |import| History::new(import).write())
}

/// 100,000 files of one commit.
pub(crate) fn with_many_files(directory: &Path) -> anyhow::Result<PathBuf> {
    made(directory, "files", many_files)
}

/// Adds a commit that changes one file to a bare repository.
pub(crate) fn commit_one_file(repository: &Path, number: usize) -> anyhow::Result<()> {
    let branch = git_says(repository, &["symbolic-ref", "HEAD"])?;
    let text = format!("// TODO: look at change {number}\nfn changed_{number}() {{}}\n");
    import(repository, &mut |out| {
        writeln!(out, "commit {branch}")?;
        // Later than all generated ones; a real repository takes it as it is.
        writeln!(out, "committer Ada <ada@example.com> {} +0000", 1_900_000_000 + number)?;
        writeln!(out, "data 10\nChange one\nfrom {branch}^0\nM 100644 inline bench/changed.rs")?;
        writeln!(out, "data {}\n{text}", text.len())
    })
}

/// What git prints on its one line.
pub(crate) fn git_says(repository: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("git").args(arguments).current_dir(repository).output()?;
    ensure!(output.status.success(), "git {arguments:?} failed in {}", repository.display());
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

type Import<'a> = &'a mut dyn Write;

/// Makes a repository where it is not there from an earlier run.
fn made(
    directory: &Path,
    name: &str,
    write: impl FnOnce(Import<'_>) -> std::io::Result<()>,
) -> anyhow::Result<PathBuf> {
    let path = directory.join(format!("{name}-{VERSION}.git"));
    if path.exists() {
        return Ok(path);
    }
    let draft = directory.join(format!("{name}-draft.git"));
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    fs::create_dir_all(&draft)?;
    git_says(&draft, &["init", "--quiet", "--bare", "--initial-branch=main"])?;
    let mut write = Some(write);
    import(&draft, &mut |out| write.take().map_or(Ok(()), |write| write(out)))?;
    git_says(&draft, &["repack", "-a", "-d", "-f", "-q", "--depth=50", "--window=10"])?;
    fs::rename(&draft, &path)?;
    Ok(path)
}

fn import(
    repository: &Path,
    write: &mut dyn FnMut(Import<'_>) -> std::io::Result<()>,
) -> anyhow::Result<()> {
    let mut child = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(repository)
        .stdin(Stdio::piped())
        .spawn()
        .context("run git fast-import")?;
    let mut input = BufWriter::new(child.stdin.take().context("git has no input")?);
    write(&mut input)?;
    input.flush()?;
    drop(input);
    ensure!(child.wait()?.success(), "git fast-import failed in {}", repository.display());
    Ok(())
}

/// Numbers that only look random.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }

    fn word(&mut self) -> &'static str {
        let at = self.below(WORDS.len());
        WORDS.get(at).copied().unwrap_or("word")
    }

    /// A line as source code has them: many are equal, most are not.
    fn line(&mut self) -> String {
        let (one, other) = (self.word(), self.word());
        match self.below(200) {
            0..30 => String::new(),
            30..60 => "    }".to_owned(),
            // Several times as often as in the public repositories of docs/detection.md.
            60 => format!("    // TODO: {one} the {other} once more"),
            61..81 => format!("    if {one}.is_{other}() {{"),
            _ => format!("    let {one}_{} = {other}({});", self.below(1_000), self.below(100_000)),
        }
    }

    fn lines(&mut self, least: usize, most: usize) -> Vec<String> {
        let count = least + self.below(most - least);
        (0..count).map(|_| self.line()).collect()
    }
}

fn file(out: Import<'_>, path: &str, text: &str) -> std::io::Result<()> {
    writeln!(out, "M 100644 inline {path}\ndata {}\n{text}", text.len())
}

fn commit(out: Import<'_>, branch: &str, number: usize, from: &str) -> std::io::Result<()> {
    writeln!(out, "commit refs/heads/{branch}\nmark :{number}")?;
    writeln!(
        out,
        "committer Ada {0} <ada{0}@example.com> {1} +0100",
        number % 30,
        1_500_000_000 + number * 600
    )?;
    let message =
        format!("area-{}: Change number {number}\n\nBecause of reasons.\n", number % AREAS);
    writeln!(out, "data {}\n{message}{from}", message.len())
}

fn manifest(name: &str, random: &mut Random) -> String {
    let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\n\n[dependencies]\n");
    let needed =
        (0..8).map(|number| format!("{}-{number} = \"1.{}\"\n", random.word(), random.below(30)));
    std::iter::once(head).chain(needed).collect::<Vec<_>>().concat()
}

/// Writes the repository that has a history.
struct History<'a> {
    out: Import<'a>,
    random: Random,
    files: Vec<(String, Vec<String>)>,
}

impl<'a> History<'a> {
    fn new(out: Import<'a>) -> Self {
        let mut random = Random(7);
        let mut files = Vec::new();
        for number in 0..AREAS * FILES_AN_AREA {
            let ending = ENDINGS.get(number % ENDINGS.len()).copied().unwrap_or("rs");
            let path = format!("crates/area-{:02}/src/part_{number:04}.{ending}", number % AREAS);
            files.push((path, random.lines(30, 400)));
        }
        Self { out, random, files }
    }

    fn write(mut self) -> std::io::Result<()> {
        commit(self.out, "main", 1, "")?;
        for area in 0..AREAS {
            let text = manifest(&format!("area-{area:02}"), &mut self.random);
            file(self.out, &format!("crates/area-{area:02}/Cargo.toml"), &text)?;
            let plan =
                format!("# Area {area}\n\n- [x] TASK-A{area}-1 Begin\n- [ ] TASK-A{area}-2 End\n");
            file(self.out, &format!("crates/area-{area:02}/tasklist.md"), &plan)?;
        }
        for at in 0..self.files.len() {
            self.put(at)?;
        }
        for number in 2..=COMMITS {
            if number % MERGE_EVERY == 0 { self.merge(number)? } else { self.edit(number)? }
        }
        Ok(())
    }

    fn edit(&mut self, number: usize) -> std::io::Result<()> {
        commit(self.out, "main", number, "")?;
        for _ in 0..=self.random.below(3) {
            let at = self.random.below(self.files.len());
            self.change(at);
            self.put(at)?;
        }
        Ok(())
    }

    /// A commit beside the last one, and the merge of both.
    fn merge(&mut self, number: usize) -> std::io::Result<()> {
        let at = self.random.below(self.files.len());
        self.change(at);
        let beside = COMMITS + number;
        commit(self.out, "side", beside, &format!("from :{}", number - 1))?;
        self.put(at)?;
        let parents = format!("from :{}\nmerge :{beside}", number - 1);
        commit(self.out, "main", number, &parents)?;
        self.put(at)
    }

    /// Replaces, adds and deletes some lines of a file.
    fn change(&mut self, at: usize) {
        for _ in 0..=self.random.below(3) {
            let new = self.random.lines(0, 6);
            let Some((_, lines)) = self.files.get_mut(at) else { return };
            let start = self.random.below(lines.len().saturating_sub(6));
            let end = lines.len().min(start + self.random.below(5));
            lines.splice(start..end, new);
        }
    }

    fn put(&mut self, at: usize) -> std::io::Result<()> {
        let Some((path, lines)) = self.files.get(at) else { return Ok(()) };
        file(self.out, path, &(lines.join("\n") + "\n"))
    }
}

fn many_files(out: Import<'_>) -> std::io::Result<()> {
    let mut random = Random(11);
    commit(out, "main", 1, "")?;
    for directory in 0..LARGE_DIRECTORIES {
        let at = format!("parts/group-{:02}/part-{directory:03}", directory % 20);
        if directory % 8 == 0 {
            file(
                out,
                &format!("{at}/Cargo.toml"),
                &manifest(&format!("part-{directory}"), &mut random),
            )?;
        }
        for number in 0..LARGE_FILES_A_DIRECTORY {
            let ending = ENDINGS.get(number % ENDINGS.len()).copied().unwrap_or("rs");
            let text = random.lines(10, 60).join("\n") + "\n";
            file(out, &format!("{at}/file_{number:03}.{ending}"), &text)?;
        }
    }
    Ok(())
}
