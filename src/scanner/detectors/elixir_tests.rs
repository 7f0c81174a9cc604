use super::*;
use crate::scanner::manifest::Contribution;

fn manifest(text: &str) -> Manifest {
    let finding = Elixir.read(FileName("mix.exs"), text).unwrap();
    assert_eq!(finding.problems, [], "{text}");
    match finding.contribution {
        Contribution::Project(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

const APPLICATION: &str = r#"
defmodule Web.MixProject do
  use Mix.Project

  @version "1.2.3"
  @description """
  A web.
  """

  def project do
    [
      app: :web,
      version: @version,
      elixir: "~> 1.15",
      description: description(),
      package: package(),
      aliases: aliases(),
      deps: deps() ++ more()
    ]
  end

  def application do
    [mod: {Web.Application, []}, extra_applications: [:logger]]
  end

  defp description, do: "A web"

  defp package do
    [licenses: ["Apache-2.0"], links: %{"x" => "y"}]
  end

  # {:no, "1"}
  defp deps do
    [
      {:phoenix, "~> 1.7", override: true},
      {:core, path: "../core"},
      {:sibling, in_umbrella: true},
      {:heroicons, github: "tailwindlabs/heroicons", tag: "v2"},
      {:credo, ">= 1.0.0", only: [:dev, :test], runtime: false},
      {:esbuild, "~> 0.8", runtime: false},
      {:jason, "~> 1.0", [optional: true]}
    ]
  end

  defp more(), do: wrap([{:extra, "~> 1"}])

  defp aliases do
    [setup: ["deps.get", "ecto.setup"], "ecto.reset": ["ecto.drop"], run_it: &run/1]
  end
end
"#;

#[test]
fn an_application_tells_all_of_itself() {
    let manifest = manifest(APPLICATION);

    let found: Vec<_> = manifest
        .dependencies
        .iter()
        .map(|one| (one.name.as_str(), one.requirement.as_deref(), one.scope))
        .collect();
    assert_eq!(
        found,
        [
            ("phoenix", Some("~> 1.7"), Scope::Runtime),
            ("core", Some("path:../core"), Scope::Runtime),
            ("sibling", Some("path:../sibling"), Scope::Runtime),
            ("heroicons", Some("github:tailwindlabs/heroicons"), Scope::Runtime),
            ("credo", Some(">= 1.0.0"), Scope::Development),
            ("esbuild", Some("~> 0.8"), Scope::Build),
            ("jason", Some("~> 1.0"), Scope::Optional),
            ("extra", Some("~> 1"), Scope::Runtime),
        ]
    );
    assert_eq!(manifest.name.as_deref(), Some("web"));
    assert_eq!(manifest.version.as_deref(), Some("1.2.3"));
    assert_eq!(manifest.description.as_deref(), Some("A web"));
    assert_eq!(manifest.licence.as_deref(), Some("Apache-2.0"));
    let scripts: Vec<_> =
        manifest.scripts.iter().map(|one| (one.name.as_str(), one.command.as_str())).collect();
    assert_eq!(
        scripts,
        [("setup", "deps.get; ecto.setup"), ("ecto.reset", "ecto.drop"), ("run_it", "mix run_it")]
    );
    let entry = &manifest.entry_points[0];
    assert_eq!(
        (entry.kind, entry.target.as_deref()),
        (EntryKind::Service, Some("Web.Application"))
    );
}

#[test]
fn an_umbrella_names_its_applications() {
    let manifest = manifest(
        "defmodule All.MixProject do\n  def project do\n    [apps_path: \"apps\", version: \"0.1.0\", deps: []]\n  end\nend\n",
    );

    assert_eq!(manifest.workspace.unwrap().members, ["apps/*"]);
    assert_eq!(manifest.name, None);
}

#[test]
fn a_broken_file_is_a_project_with_a_warning() {
    let finding =
        Elixir.read(FileName("mix.exs"), "def project do\n [app: :web, version: \"1\n").unwrap();

    let Contribution::Project(manifest) = finding.contribution else { panic!("no project") };
    assert_eq!(manifest.name.as_deref(), Some("web"));
    assert_eq!(finding.problems.len(), 1);
}
