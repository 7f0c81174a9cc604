use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(name: &str, text: &str) -> Manifest {
    let finding = Ruby.read(FileName(name), text).unwrap();
    assert_eq!(finding.problems, [], "{text}");
    match finding.contribution {
        Contribution::Project(manifest) | Contribution::Addition(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

fn found(manifest: &Manifest) -> Vec<(&str, Option<&str>, Scope, Option<&str>)> {
    let all = manifest.dependencies.iter();
    all.map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope, one.path.as_deref()))
        .collect()
}

#[test]
fn a_gemfile_has_groups_paths_and_sources() {
    let manifest = manifest(
        "Gemfile",
        "source \"https://rubygems.org\"\ngit_source(:github) { |repo| \"https://github.com/#{repo}.git\" }\nruby '3.3'\n\
         gemspec\n\ngem 'rails', '~> 7.1', '>= 7.1.2' # web\ngem \"puma\", require: false if RUBY_ENGINE == 'ruby'\n\
         gem 'tool', github: 'team/tool'\ngem(\"core\", path: '../core')\n\
         gem 'lint', group: [:development, :ci]\ngem 'log', :group => :production\n\
         group :development, :test do\n  gem 'rspec'\n  if ENV['X']\n    gem 'debug',\n      '>= 1'\n  end\nend\n\
         path 'engines' do\n  gem 'shop'\nend\ngroup :test, :production do\n  gem 'both'\nend\n",
    );

    assert_eq!(
        found(&manifest),
        [
            ("rails", Some("~> 7.1, >= 7.1.2"), Scope::Runtime, None),
            ("puma", None, Scope::Runtime, None),
            ("tool", Some("github:team/tool"), Scope::Runtime, None),
            ("core", Some("path:../core"), Scope::Runtime, Some("../core")),
            ("lint", None, Scope::Development, None),
            ("log", None, Scope::Runtime, None),
            ("rspec", None, Scope::Development, None),
            ("debug", Some(">= 1"), Scope::Development, None),
            ("shop", Some("path:engines/shop"), Scope::Runtime, Some("engines/shop")),
            ("both", None, Scope::Runtime, None),
        ]
    );
}

#[test]
fn a_gemspec_tells_all_of_itself() {
    let manifest = manifest(
        "web.gemspec",
        "# frozen_string_literal: true\nrequire_relative 'lib/version'\n\nGem::Specification.new do |spec|\n\
         \x20 spec.name = \"web\".freeze\n  spec.version = Web::VERSION\n  spec.summary = \"A web\"\n\
         \x20 spec.description = <<~TEXT\n    Longer, \"quoted\n  TEXT\n  spec.licenses = %w[MIT Apache-2.0]\n\
         \x20 spec.files = Dir.chdir(__dir__) do\n    `git ls-files -z`.split(\"\\x0\").reject { |f| f.match(%r{^test/}) }\n  end\n\
         \x20 spec.executables << \"web\"\n  spec.add_dependency \"rack\", \">= 2\", \"< 4\"\n\
         \x20 spec.add_runtime_dependency(%q<json>.freeze, [\"~> 2.0\"])\n  spec.add_development_dependency 'rake'\nend\n",
    );

    assert_eq!(
        found(&manifest),
        [
            ("rack", Some(">= 2, < 4"), Scope::Runtime, None),
            ("json", Some("~> 2.0"), Scope::Runtime, None),
            ("rake", None, Scope::Development, None),
        ]
    );
    assert_eq!(manifest.name.as_deref(), Some("web"));
    assert_eq!(manifest.version, None);
    assert_eq!(manifest.description.as_deref(), Some("A web"));
    assert_eq!(manifest.licence.as_deref(), Some("MIT OR Apache-2.0"));
    assert_eq!(manifest.entry_points[0].kind, EntryKind::Binary);
}

#[test]
fn the_tasks_of_a_rakefile_have_their_namespace() {
    let manifest = manifest(
        "Rakefile",
        "require 'rake/testtask'\ntask default: :test\ntask :test do\n  sh 'x'\nend\n\
         namespace :db do\n  desc 'Migrate'\n  task migrate: [:env] do\n  end\nend\ntask 'lint', [:fix] => :env\n",
    );

    let names: Vec<_> = manifest.scripts.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["test", "db:migrate", "lint"]);
}

#[test]
fn a_broken_gemfile_is_a_project_with_a_warning() {
    let finding = Ruby.read(FileName("Gemfile"), "gem 'a'\ngem 'b\n").unwrap();

    let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
    assert_eq!(manifest.dependencies.len(), 1);
    assert!(finding.problems[0].message.contains("line 2"), "{}", finding.problems[0].message);
}

#[test]
fn hostile_files_are_read_in_time() {
    let start = crate::platform::clock::CpuTime::start();
    let names = "'a', ".repeat(20_000);

    for text in [
        format!("gem {names}\n").repeat(2),
        format!("group {names}'b' do end{}\n", " do end".repeat(20_000)),
        "group :a do\n".repeat(20_000),
        "if do end\n".repeat(20_000),
        "gem 'x', [[[[".repeat(10_000),
    ] {
        assert!(Ruby.read(FileName("Gemfile"), &text).is_ok());
        assert!(Ruby.read(FileName("a.gemspec"), &text).is_ok());
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}
