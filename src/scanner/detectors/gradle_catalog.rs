//! What the projects of a Gradle build share: version catalogues and `gradle.properties`.

use toml::{Table, Value};

use super::{
    Finding, Manifest, Unreadable,
    table::{SHORT, toml_line, toml_table},
};
use crate::scanner::{manifest::Shared, text};

/// `libs.versions.toml`; `name` is what scripts call it.
pub(super) fn read(name: &str, text: &str) -> Result<Finding, Unreadable> {
    let root: Table = toml::from_str(text).map_err(|error| Unreadable::new(&error))?;
    // It lies in `gradle/` and speaks for the directory above.
    let mut shared = Shared { at: Some("..".to_owned()), ..Shared::default() };
    let libraries = toml_table(&root, &["libraries"]);
    for (alias, value) in libraries.into_iter().flatten() {
        if let Some((module, version)) = library(&root, value) {
            if let Some(version) = version {
                shared.dependencies.insert(module.clone(), version);
            }
            shared.aliases.insert(accessor(name, alias), vec![module]);
        }
    }
    for (alias, value) in toml_table(&root, &["bundles"]).into_iter().flatten() {
        let all = value.as_array().into_iter().flatten().filter_map(Value::as_str);
        let modules = all.filter_map(|alias| library(&root, libraries?.get(alias)?));
        let modules = modules.map(|(module, _)| module).collect();
        shared.aliases.insert(accessor(&format!("{name}.bundles"), alias), modules);
    }
    Ok(Finding::addition(Manifest { shared: Some(Box::new(shared)), ..Manifest::default() }))
}

/// `kotlin-stdlib` is `libs.kotlin.stdlib` in scripts.
fn accessor(name: &str, alias: &str) -> String {
    text::line(&format!("{name}.{}", alias.replace(['-', '_'], ".")), SHORT)
}

/// `group:name` and the version, from all the forms that a catalogue allows.
fn library(root: &Table, value: &Value) -> Option<(String, Option<String>)> {
    let own = |key: &str| value.get(key).and_then(Value::as_str);
    if let Some(all) = value.as_str() {
        let (module, version) = all.rsplit_once(':')?;
        return Some((text::line(module, SHORT), text::some_line(version, SHORT)));
    }
    let module = match own("module") {
        Some(module) => module.to_owned(),
        None => format!("{}:{}", own("group")?, own("name")?),
    };
    let version = value.get("version").and_then(|version| match version.get("ref") {
        Some(reference) => toml_line(root, &["versions", reference.as_str()?], SHORT)
            .or_else(|| rich(root.get("versions")?.get(reference.as_str()?)?)),
        None => {
            version.as_str().and_then(|it| text::some_line(it, SHORT)).or_else(|| rich(version))
        }
    });
    Some((text::line(&module, SHORT), version))
}

/// `{ strictly = "1" }`
fn rich(version: &Value) -> Option<String> {
    let field = |key: &str| text::some_line(version.get(key)?.as_str()?, SHORT);
    field("strictly").or_else(|| field("require")).or_else(|| field("prefer"))
}

/// Properties are visible in all scripts below; `version` is the version of all projects.
pub(super) fn properties(text: &str) -> Finding {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
    let pairs = lines.filter_map(|line| line.split_once(['=', ':']));
    let properties = pairs.filter_map(|(name, value)| {
        Some((text::some_line(name, SHORT)?, text::some_line(value, SHORT)?))
    });
    let mut shared = Shared { properties: properties.take(1_000).collect(), ..Shared::default() };
    shared.version = shared.properties.get("version").cloned();
    Finding::addition(Manifest { shared: Some(Box::new(shared)), ..Manifest::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn shared(finding: Finding) -> Shared {
        let Contribution::Addition(manifest) = finding.contribution else { panic!("none") };
        *manifest.shared.unwrap()
    }

    #[test]
    fn a_catalogue_names_libraries_in_all_forms() {
        let shared = shared(
            read(
                "libs",
                "[versions]\nokio = \"3\"\nrich = { strictly = \"9\" }\n[libraries]\n\
                 square-okio = { module = \"com.squareup:okio\", version.ref = \"okio\" }\n\
                 a = \"g:a:1\"\nb = { group = \"g\", name = \"b\", version = \"2\" }\n\
                 c = { module = \"g:c\", version.ref = \"rich\" }\nd = { module = \"g:d\" }\n\
                 [bundles]\nall-of = [\"a\", \"b\"]\n",
            )
            .unwrap(),
        );

        assert_eq!(shared.aliases["libs.square.okio"], ["com.squareup:okio"]);
        assert_eq!(shared.aliases["libs.bundles.all.of"], ["g:a", "g:b"]);
        let version = |name: &str| shared.dependencies.get(name).map(String::as_str);
        assert_eq!(
            [
                version("com.squareup:okio"),
                version("g:a"),
                version("g:b"),
                version("g:c"),
                version("g:d")
            ],
            [Some("3"), Some("1"), Some("2"), Some("9"), None]
        );
        assert_eq!(shared.at.as_deref(), Some(".."));
    }

    #[test]
    fn properties_give_the_version() {
        let shared = shared(properties("# x\nversion=1.2\nkotlinVersion = 2\n\nbroken\n"));

        assert_eq!(shared.version.as_deref(), Some("1.2"));
        assert_eq!(shared.properties["kotlinVersion"], "2");
    }
}
