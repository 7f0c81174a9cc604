//! CODEOWNERS: who answers for which paths.
//!
//! The file of the first place that has one counts, its last line that fits a path wins, and a line
//! without owners says that nobody does. Patterns are GitHub's: those of `.gitignore` without `!`
//! and `[…]`, where a last `*` stands for files of that directory only. GitLab's sections are
//! understood: each section's last fitting line adds its owners, or the section's own.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Where it may stand, the first one wins.
pub(super) const PLACES: [&str; 4] =
    [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

const MAX_LINES: usize = 5_000;
const MAX_OWNERS: usize = 30;

/// The rules of one file.
#[derive(Debug)]
pub(super) struct Codeowners {
    globs: GlobSet,
    /// In the order of the globs.
    rules: Vec<Rule>,
    /// Lines that say nothing, with the reason.
    pub(super) problems: Vec<(usize, String)>,
}

#[derive(Debug)]
struct Rule {
    section: usize,
    owners: Vec<String>,
}

impl Codeowners {
    pub(super) fn parse(text: &str) -> Self {
        let mut found = Found::default();
        for (index, line) in text.lines().take(MAX_LINES).enumerate() {
            if let Err(reason) = found.line(line.trim()) {
                found.problems.push((index + 1, reason));
            }
        }
        let mut globs = GlobSetBuilder::new();
        for glob in found.globs {
            globs.add(glob);
        }
        let globs = globs.build().unwrap_or_else(|error| {
            found.problems.push((1, format!("the patterns are too much together: {error}")));
            GlobSet::empty()
        });
        Self { globs, rules: found.rules, problems: found.problems }
    }

    pub(super) fn len(&self) -> usize {
        self.rules.len()
    }

    /// Who would own a new file of a directory (`.` for the root).
    pub(super) fn of_directory(&self, directory: &str) -> Vec<String> {
        // No pattern names this file, so only those that mean the whole directory fit.
        let file = "\u{1}";
        let path = if directory == "." { file.to_owned() } else { format!("{directory}/{file}") };
        self.of(&path)
    }

    fn of(&self, path: &str) -> Vec<String> {
        let mut last: Vec<(usize, &Rule)> = Vec::new();
        let mut fitting = self.globs.matches(path);
        // Each pattern is two globs at most.
        fitting.sort_unstable();
        for index in fitting {
            let Some(rule) = self.rules.get(index / 2) else { continue };
            last.retain(|(section, _)| *section != rule.section);
            last.push((rule.section, rule));
        }
        let mut owners: Vec<String> = Vec::new();
        for owner in last.iter().flat_map(|(_, rule)| &rule.owners) {
            if owners.len() < MAX_OWNERS && !owners.contains(owner) {
                owners.push(owner.clone());
            }
        }
        owners
    }
}

#[derive(Default)]
struct Found {
    globs: Vec<globset::Glob>,
    rules: Vec<Rule>,
    problems: Vec<(usize, String)>,
    section: usize,
    defaults: Vec<String>,
}

impl Found {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if line.is_empty() || line.starts_with('#') {
            return Ok(());
        }
        if let Some(rest) = header(line) {
            self.section += 1;
            self.defaults = owners(rest)?;
            return Ok(());
        }
        let (pattern, rest) = split(line);
        let mut owners = owners(rest)?;
        let globs = globs(&pattern)?;
        if owners.is_empty() {
            owners.clone_from(&self.defaults);
        }
        self.globs.extend(globs);
        self.rules.push(Rule { section: self.section, owners });
        Ok(())
    }
}

/// What follows `[Section]`, `^[Optional section]` or `[Section][2]`.
fn header(line: &str) -> Option<&str> {
    let inner = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (_, mut rest) = inner.split_once(']')?;
    if let Some(count) = rest.strip_prefix('[') {
        rest = count.split_once(']')?.1;
    }
    // `[a-z]*.c @x` is a pattern, a wrong one; a header is followed by a space or nothing.
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
}

/// The pattern, with escaped spaces as spaces, and what follows it.
fn split(line: &str) -> (String, &str) {
    let mut pattern = String::new();
    let mut characters = line.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, next)) if next.is_whitespace() || next == '#' => pattern.push(next),
                Some((_, next)) => pattern.extend(['\\', next]),
                None => {}
            },
            space if space.is_whitespace() => {
                return (pattern, line.get(index..).unwrap_or_default());
            }
            other => pattern.push(other),
        }
    }
    (pattern, "")
}

fn owners(rest: &str) -> Result<Vec<String>, String> {
    let words = rest.split_whitespace().take_while(|word| !word.starts_with('#'));
    words
        .map(|word| {
            owner(word).ok_or_else(|| {
                format!(
                    "`{}` is no owner: write @name, @organisation/team or an e-mail address",
                    super::text::line(word, 60)
                )
            })
        })
        .collect()
}

fn owner(word: &str) -> Option<String> {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '+'))
    };
    let is_owner = match word.split_once('@') {
        // GitLab's roles have two signs.
        Some(("", name)) => is_name(name.strip_prefix('@').unwrap_or(name)),
        Some((user, host)) => is_name(user) && is_name(host) && host.contains('.'),
        None => false,
    };
    is_owner.then(|| super::text::line(word, 100))
}

/// The pattern for what it names itself, and for what lies below that.
fn globs(pattern: &str) -> Result<[globset::Glob; 2], String> {
    if pattern.starts_with('!') {
        return Err("`!` is not understood in CODEOWNERS".to_owned());
    }
    if pattern.contains(['[', ']']) {
        return Err("`[…]` is not understood in CODEOWNERS".to_owned());
    }
    let is_directory = pattern.ends_with('/');
    let body = pattern.trim_matches('/');
    let anchored = pattern.starts_with('/') || body.contains('/');
    let base = if anchored || body.is_empty() { body.to_owned() } else { format!("**/{body}") };
    let base = base.replace('{', "\\{").replace('}', "\\}");
    let base = if base.is_empty() { "**".to_owned() } else { base };
    let files_only = anchored && (body == "*" || body.ends_with("/*"));
    let below = if files_only { base.clone() } else { format!("{base}/**") };
    let own = if is_directory { below.clone() } else { base };
    Ok([compile(&own)?, compile(&below)?])
}

fn compile(glob: &str) -> Result<globset::Glob, String> {
    GlobBuilder::new(glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| format!("the pattern cannot be read: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, path: &str) -> Vec<String> {
        Codeowners::parse(text).of(path)
    }

    #[test]
    fn the_last_line_that_fits_wins_and_may_take_owners_away() {
        let text = "* @all\n/apps/ @apps\n/apps/github\n*.js @js # not below\n";

        assert_eq!(of(text, "x"), ["@all"]);
        assert_eq!(of(text, "apps/web/x"), ["@apps"]);
        assert!(of(text, "apps/github/x").is_empty());
        assert_eq!(of(text, "apps/github/x.js"), ["@js"]);
    }

    /// The examples of GitHub's documentation.
    #[test]
    fn patterns_mean_what_github_says() {
        assert_eq!(of("/build/logs/ @d", "build/logs/a/b"), ["@d"]);
        assert!(of("/build/logs/ @d", "x/build/logs/a").is_empty());
        assert_eq!(of("docs/* d@e.com", "docs/start.md"), ["d@e.com"]);
        assert!(of("docs/* d@e.com", "docs/build/start.md").is_empty());
        assert_eq!(of("apps/ @o", "x/apps/y/z"), ["@o"]);
        assert_eq!(of("/docs/ @d", "docs/a/b"), ["@d"]);
        assert_eq!(of("**/logs @o", "deeply/nested/logs/x"), ["@o"]);
        assert_eq!(of("*.js @js", "a/b.js"), ["@js"]);
        assert_eq!(of("/scripts/ @d @o", "scripts/a"), ["@d", "@o"]);
    }

    #[test]
    fn lines_that_mean_nothing_are_told_and_skipped() {
        let owners = Codeowners::parse("* @all\n!x @a\n[ab].c @b\n/y nobody\n# fine\n");

        assert_eq!(owners.problems.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4]);
        assert_eq!(owners.of("y"), ["@all"]);
    }

    #[test]
    fn sections_add_their_owners() {
        let text = "* @all\n[Docs] @writers\ndocs/\n^[Data][2] @data\n*.sql @dba\n/docs/x.sql\n";

        assert_eq!(of(text, "docs/a"), ["@all", "@writers"]);
        assert_eq!(of(text, "docs/x.sql"), ["@all", "@writers", "@data"]);
        assert_eq!(of(text, "y.sql"), ["@all", "@dba"]);
    }

    #[test]
    fn a_directory_is_owned_as_a_whole() {
        let owners = Codeowners::parse("*.rs @rust\n/crates/ @crates\n/crates/a/src/ @deep\n");

        assert_eq!(owners.of_directory("crates/a"), ["@crates"]);
        assert!(owners.of_directory(".").is_empty());
    }

    #[test]
    fn spaces_and_braces_may_stand_in_names() {
        assert_eq!(of("/my\\ docs/{a} @x", "my docs/{a}"), ["@x"]);
    }
}
