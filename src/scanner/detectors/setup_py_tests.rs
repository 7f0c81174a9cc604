use proptest::prelude::*;

use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(source: &str) -> Manifest {
    match read(source).unwrap().contribution {
        Contribution::Project(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn dependencies(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
}

#[test]
fn literals_that_reach_setup_are_read() {
    let manifest = manifest(
        "import os\nfrom setuptools import setup, find_packages\nNAME = 'team-tool'\n\
         VERSION = '1.' + '2'\nbase = ['click>=8']\nbase += ['rich']\n\
         extras = {'pdf': ['reportlab~=4']}\nextras['db'] = ['psycopg']\n\
         print 'python two'\n\
         setup(\n    name=NAME, version=VERSION, description='A ' 'tool',\n\
         long_description=open('README.md').read(), license=get_license(),\n\
         install_requires=base + ['attrs; python_version < \"3\"'], extras_require=extras,\n\
         packages=['tool', 'tool.sub'], scripts=['bin/helper'],\n\
         entry_points={'console_scripts': ['tool=tool.cli:main'], 'x.plugins': ['a = b']},\n)\n",
    );

    assert_eq!(manifest.name.as_deref(), Some("team-tool"));
    assert_eq!(manifest.version.as_deref(), Some("1.2"));
    assert_eq!(manifest.description.as_deref(), Some("A tool"));
    assert_eq!(manifest.licence, None);
    assert_eq!(
        dependencies(&manifest),
        [
            ("click", Some(">=8"), Scope::Runtime),
            ("rich", None, Scope::Runtime),
            ("attrs", None, Scope::Runtime),
            ("reportlab", Some("~=4"), Scope::Optional),
            ("psycopg", None, Scope::Optional),
        ]
    );
    let entries: Vec<_> =
        manifest.entry_points.iter().map(|one| (one.kind, one.name.as_str())).collect();
    assert_eq!(
        entries,
        [
            (EntryKind::Binary, "tool"),
            (EntryKind::Plugin, "a"),
            (EntryKind::Binary, "helper"),
            (EntryKind::Library, "tool"),
        ]
    );
}

#[test]
fn arguments_may_come_as_a_dictionary_and_from_a_function() {
    let manifest = manifest(
        "def main():\n    args = dict(name='a', version=f'{1}.{x}')\n    setuptools.setup(**args)\n",
    );

    assert_eq!((manifest.name.as_deref(), manifest.version), (Some("a"), None));
}

#[test]
fn a_program_without_setup_makes_no_project() {
    let finding = read("print('hello')\n").unwrap();

    assert!(matches!(finding.contribution, Contribution::Addition(_)));
    assert!(read("setup(name='x'\n").is_err());
}

#[test]
fn hostile_programs_end_in_time() {
    let start = crate::platform::clock::CpuTime::start();
    let doubling = "a = ['x']\n".to_owned() + &"a = a + a\n".repeat(5_000) + "setup(name='a')";
    let deep = format!("setup(name={}'x')", "(".repeat(100_000));
    let broken = "if (:\n\t[{'".repeat(20_000);

    for text in [&doubling, &deep, &broken] {
        drop(read(text));
    }
    assert!(read(&"#".repeat(MAX_BYTES + 1)).is_err());
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_makes_it_panic(text in "\\PC*|[setup(){}\\[\\]'\"=,+*\\na-c ]{0,120}") {
        drop(read(&text));
    }
}
