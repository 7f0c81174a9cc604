//! pip's requirement lines, as they stand in `requirements.txt` and in the lists of `pyproject.toml`.

/// What a requirements file asks for, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requirements<'a> {
    pub(super) packages: Vec<Package>,
    /// The files of `-r`, as written.
    pub(super) includes: Vec<&'a str>,
}

/// One requirement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    /// `>=1,<2`, or `@ https://…`.
    pub(super) requirement: Option<String>,
}

/// Reads a requirements file: comments, continuation lines, hashes and options as pip has them.
pub(super) fn parse(text: &str) -> Requirements<'_> {
    let mut found = Requirements::default();
    let mut pending = String::new();
    for line in text.lines() {
        let line = strip_comment(line);
        if let Some(start) = line.strip_suffix('\\') {
            pending.push_str(start);
            continue;
        }
        if let Some(path) = included(line.trim()) {
            found.includes.push(path);
        } else {
            pending.push_str(line);
            found.packages.extend(requirement_line(&pending));
        }
        pending.clear();
    }
    found.packages.extend(requirement_line(&pending));
    found
}

/// PEP 503, but for runs of separators.
pub(super) fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// `name[extra] >= 1 ; marker` or `name @ url`; none for what names no package.
pub(super) fn package(text: &str) -> Option<Package> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "._-".contains(c)));
    let (name, rest) = text.split_at_checked(end.unwrap_or(text.len()))?;
    let name = name.trim_end_matches(['.', '-', '_']);
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let rest = without_extras(rest.trim_start());
    let version = match rest.strip_prefix('@') {
        Some(url) => format!("@ {}", url.split(" ;").next().unwrap_or(url).trim()),
        None => rest.split(';').next().unwrap_or(rest).trim().trim_matches(['(', ')']).to_owned(),
    };
    let is_version = version.is_empty() || version.starts_with(['=', '<', '>', '~', '!', '@', '*']);
    is_version.then(|| Package {
        name: name.to_owned(),
        requirement: Some(version).filter(|version| !version.is_empty()),
    })
}

fn without_extras(rest: &str) -> &str {
    let extras = rest.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    extras.map_or(rest, |(_, rest)| rest).trim_start()
}

/// A comment starts the line or follows a space: `#egg=name` belongs to a URL.
fn strip_comment(line: &str) -> &str {
    let hash = line.match_indices('#').map(|(at, _)| at).find(|at| {
        line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']))
    });
    hash.and_then(|at| line.get(..at)).unwrap_or(line).trim_end()
}

fn included(line: &str) -> Option<&str> {
    let rest = ["--requirement", "-r"].iter().find_map(|option| line.strip_prefix(option))?;
    let path = rest.strip_prefix('=').unwrap_or(rest).trim();
    Some(path).filter(|path| !path.is_empty())
}

fn requirement_line(line: &str) -> Option<Package> {
    let line = line.split(" --").next().unwrap_or(line).trim();
    let editable = ["--editable", "-e"].iter().find_map(|option| line.strip_prefix(option));
    match editable {
        Some(rest) => from_url(rest.trim_start_matches(['=', ' '])),
        None if line.starts_with('-') => None,
        None if is_location(line) => from_url(line),
        None => package(line),
    }
}

fn is_location(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    let has_scheme = first.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('['));
    has_scheme || first.starts_with(['.', '/'])
}

/// `git+https://host/name.git#egg=name`; the name is `egg`, or what the address ends in.
fn from_url(url: &str) -> Option<Package> {
    let address = url.split(['#', '?']).next().unwrap_or(url);
    let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let last = last.split('@').next().unwrap_or(last).trim_end_matches(".git");
    let egg = url.split_once("egg=").map(|(_, egg)| egg);
    let egg = egg.map(|egg| egg.split(['&', '[', ' ']).next().unwrap_or(egg));
    let name = egg.unwrap_or(last);
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        .then(|| Package { name: name.to_owned(), requirement: Some(format!("@ {}", url.trim())) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<(String, Option<String>)> {
        parse(text).packages.into_iter().map(|one| (one.name, one.requirement)).collect()
    }

    fn pair(name: &str, requirement: &str) -> (String, Option<String>) {
        (name.to_owned(), Some(requirement.to_owned()).filter(|text| !text.is_empty()))
    }

    #[test]
    fn a_file_is_read_as_pip_reads_it() {
        let text = "# web\nflask[async]>=2,<3 ; python_version >= '3.8'  # why\n\
            requests == 2.31.0 \\\n    --hash=sha256:aaaa \\\n    --hash=sha256:bbbb\n\
            -r base.txt\n--requirement=more/dev.txt\n-c constraints.txt\n--index-url https://x\n\
            simple\n\nolder (>=1)\npip @ https://example.org/pip.zip\n\
            -e git+https://example.org/team/tool.git@main#egg=tool\n./local/pkg\n";

        let found = parse(text);

        assert_eq!(found.includes, ["base.txt", "more/dev.txt"]);
        assert_eq!(
            names(text),
            [
                pair("flask", ">=2,<3"),
                pair("requests", "== 2.31.0"),
                pair("simple", ""),
                pair("older", ">=1"),
                pair("pip", "@ https://example.org/pip.zip"),
                pair("tool", "@ git+https://example.org/team/tool.git@main#egg=tool"),
                pair("pkg", "@ ./local/pkg"),
            ]
        );
    }

    #[test]
    fn prose_is_no_requirement() {
        assert_eq!(names("see the manual\n???\n=1.0\n"), []);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "\\PC*|[-a-z#\\\\\\n =@/\\[\\]]{0,200}") {
            let found = parse(&text);
            prop_assert!(found.packages.iter().all(|one| !one.name.is_empty()));
        }

        #[test]
        fn the_order_of_the_lines_is_kept(names in proptest::collection::vec("[a-z][a-z0-9]{0,8}", 0..20)) {
            let text = names.join("==1 # x\n");
            let found: Vec<_> = parse(&text).packages.into_iter().map(|one| one.name).collect();
            prop_assert_eq!(found, names);
        }
    }
}
