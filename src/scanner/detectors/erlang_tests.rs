use super::*;
use crate::scanner::manifest::Contribution;

fn finding(path: &str, text: &str) -> Finding {
    let finding = Erlang.read(FileName(path), text).unwrap();
    assert_eq!(finding.problems, [], "{text}");
    finding
}

fn found(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope)).collect()
}

#[test]
fn a_configuration_has_dependencies_and_profiles() {
    let text = "%% {deps, [no]}.\n{erl_opts, [debug_info]}.\n{deps, [cowboy, {ranch, \"1.8.0\"},\n\
        \x20 {x, {git, \"https://example.org/x.git\", {tag, \"1.0\"}}}, {y, \"~> 2\", {pkg, z}}]}.\n\
        {plugins, [rebar3_hex]}.\n{escript_name, web}.\n\
        {profiles, [{test, [{deps, [meck]}]}, {prod, [{deps, [recon]}]}]}.\n\
        {alias, [{check, [xref, eunit]}]}.\n";

    let Contribution::Project(manifest) = finding("rebar.config", text).contribution else {
        panic!("no project")
    };

    assert_eq!(
        found(&manifest),
        [
            ("cowboy", None, Scope::Runtime),
            ("ranch", Some("1.8.0"), Scope::Runtime),
            ("x", Some("git:https://example.org/x.git@1.0"), Scope::Runtime),
            ("y", Some("~> 2"), Scope::Runtime),
            ("rebar3_hex", None, Scope::Build),
            ("meck", None, Scope::Development),
            ("recon", None, Scope::Runtime),
        ]
    );
    assert_eq!(manifest.entry_points[0].name, "web");
    assert_eq!(manifest.scripts[0].name, "check");
    assert!(manifest.workspace.unwrap().presumed);
}

#[test]
fn an_application_is_the_directory_above_its_source() {
    let text = "{application, web,\n [{description, \"A web\"},\n  {vsn, \"1.2.3\"},\n  {mod, {web_app, []}},\n\
        \x20 {applications, [kernel, stdlib, cowboy]},\n  {licenses, [\"Apache-2.0\"]}\n ]}.\n";

    let Contribution::Addition(outer) = finding("apps/web/src/web.app.src", text).contribution
    else {
        panic!("no addition")
    };

    let child = &outer.children[0];
    assert_eq!(child.path, "..");
    assert_eq!(child.manifest.name.as_deref(), Some("web"));
    assert_eq!(child.manifest.version.as_deref(), Some("1.2.3"));
    assert_eq!(child.manifest.licence.as_deref(), Some("Apache-2.0"));
    assert_eq!(found(&child.manifest), [("cowboy", None, Scope::Runtime)]);
    assert_eq!(child.manifest.entry_points[0].kind, EntryKind::Service);
}

#[test]
fn only_its_own_files_are_read() {
    let reads = |path| Erlang.reads(FileName(path));

    assert!(reads("ebin/web.app") && reads("src/web.app.src.script"));
    assert!(!reads("other/web.app") && !reads("src/.app.src"));
}

#[test]
fn templates_make_no_project() {
    let template = finding("priv/rebar.config", "{deps, [{{name}}]}.\n");

    assert_eq!(template, Finding::addition(Manifest::default()));
}

#[test]
fn a_broken_application_keeps_its_place_and_warns() {
    let finding =
        Erlang.read(FileName("a/src/web.app.src"), "{application, web, [{vsn, \"1}]}.").unwrap();

    let Contribution::Addition(outer) = finding.contribution else { panic!("no addition") };
    assert_eq!(outer.children[0].manifest.name.as_deref(), Some("web"));
    assert_eq!(finding.problems.len(), 1);
}
