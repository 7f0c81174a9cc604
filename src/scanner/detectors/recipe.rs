//! The example of `docs/adding-a-detector.md`, kept true by being compiled and run.

// --- example
use serde::Deserialize;

use super::{Detector, FileName, Finding, Manifest, Unreadable, table::SHORT};
use crate::scanner::{text, yaml};

/// Crystal: `shard.yml`.
pub(super) struct Crystal;

#[derive(Deserialize)]
struct Shard {
    name: Option<String>,
    version: Option<String>,
}

impl Detector for Crystal {
    fn kind(&self) -> &'static str {
        "crystal"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        file.name() == "shard.yml"
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let shard: Shard = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
        Ok(Finding::project(Manifest {
            name: shard.name.and_then(|name| text::some_line(&name, SHORT)),
            version: shard.version.and_then(|version| text::some_line(&version, SHORT)),
            ..Manifest::default()
        }))
    }
}
// --- end of the example

mod tests {
    use super::*;
    use crate::scanner::{detectors::CHAIN, manifest::Contribution};

    #[test]
    fn the_example_works() {
        let finding = super::super::read(
            &Crystal,
            FileName("a/shard.yml"),
            "name: kemal\nversion: 1.5.0\ndependencies: {}\n",
        );

        let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
        assert_eq!(manifest.name.as_deref(), Some("kemal"));
        assert_eq!(manifest.version.as_deref(), Some("1.5.0"));
    }

    #[test]
    fn the_guide_shows_the_example_as_it_is() {
        let source = include_str!("recipe.rs");
        let guide = include_str!("../../../docs/adding-a-detector.md");

        let (_, example) = source.split_once("// --- example\n").unwrap();
        let (example, _) = example.split_once("// --- end of the example\n").unwrap();

        assert!(guide.contains(example), "docs/adding-a-detector.md shows another example");
    }

    #[test]
    fn the_guide_names_the_whole_chain() {
        let guide = include_str!("../../../docs/adding-a-detector.md");

        for detector in CHAIN {
            assert!(guide.contains(&format!("`{}`", detector.kind())), "{}", detector.kind());
        }
    }
}
