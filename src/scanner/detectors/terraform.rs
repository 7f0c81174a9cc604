//! Terraform and its fork `OpenTofu`: a directory of `.tf` files is a module.

use hcl_edit::{
    expr::Expression,
    structure::{Attribute, Block, Body},
};

use super::{Detector, FileName, Finding, Manifest, Unreadable, table::SHORT};
use crate::scanner::{
    manifest::Requirement,
    model::{EntryKind, Scope},
    text,
};

pub(super) struct Terraform;

impl Detector for Terraform {
    fn kind(&self) -> &'static str {
        "terraform"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        // Tests of modules (`.tftest.hcl`) and values (`.tfvars`) make none.
        [".tf", ".tofu"].iter().any(|end| file.name().ends_with(end))
    }

    fn read(&self, _: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        let body: Body =
            hcl_edit::parser::parse_body(text).map_err(|error| Unreadable::new(&error))?;
        let mut manifest = Manifest::default();
        for block in body.blocks() {
            match block.ident.as_str() {
                "terraform" => settings(block, &mut manifest),
                "module" => module(block, &mut manifest),
                // What a module gives out is all that others see of it.
                "output" => {
                    if let Some(name) = label(block) {
                        manifest.enter(EntryKind::Library, name, None);
                    }
                }
                _ => {}
            }
        }
        Ok(Finding::project(manifest))
    }
}

/// `terraform { required_version, required_providers { … } backend "s3" {} }`
fn settings(block: &Block, manifest: &mut Manifest) {
    if let Some(version) = string(&block.body, "required_version") {
        manifest.depend("terraform", Some(version), Scope::Build);
    }
    for providers in block.body.get_blocks("required_providers") {
        for provider in providers.body.attributes() {
            let (source, version) = provider_source(provider);
            manifest.depend(source.unwrap_or(provider.key.as_str()), version, Scope::Runtime);
        }
    }
}

/// An object with `source` and `version`; only the version in old files.
fn provider_source(provider: &Attribute) -> (Option<&str>, Option<&str>) {
    match &provider.value {
        Expression::Object(object) => {
            let field = |key: &str| {
                let named = object.iter().find(|(name, _)| {
                    name.as_ident().is_some_and(|ident| ident.as_str() == key)
                        || name.as_expr().and_then(Expression::as_str) == Some(key)
                });
                named.and_then(|(_, value)| value.expr().as_str())
            };
            (field("source"), field("version"))
        }
        other => (None, other.as_str()),
    }
}

/// `module "network" { source = "../network" }`: a directory, or a registry's address.
fn module(block: &Block, manifest: &mut Manifest) {
    let Some(source) = string(&block.body, "source") else { return };
    let is_local = source.starts_with("./") || source.starts_with("../");
    let version = string(&block.body, "version").and_then(|text| text::some_line(text, SHORT));
    manifest.require(Requirement {
        name: text::line(source, SHORT),
        requirement: version,
        scope: Scope::Runtime,
        path: is_local.then(|| text::line(source, SHORT)),
        inherited: false,
    });
}

fn label(block: &Block) -> Option<&str> {
    block.labels.first().map(hcl_edit::structure::BlockLabel::as_str)
}

fn string<'a>(body: &'a Body, key: &str) -> Option<&'a str> {
    body.get_attribute(key)?.value.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scanner::manifest::Contribution;

    fn manifest(text: &str) -> Manifest {
        match Terraform.read(FileName("infra/main.tf"), text).unwrap().contribution {
            Contribution::Project(manifest) => *manifest,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn providers_and_modules_are_dependencies() {
        let manifest = manifest(
            r#"
            terraform {
              required_version = ">= 1.6"
              required_providers {
                aws = { source = "hashicorp/aws", version = "~> 5.0" }
                random = ">= 3"
              }
            }
            module "network" { source = "../network" }
            module "vpc" {
              source  = "terraform-aws-modules/vpc/aws"
              version = "5.1.0"
            }
            output "address" { value = module.network.address }
            resource "aws_instance" "a" {
              user_data = <<EOT
            module "not" { source = "./x" }
            EOT
            }
            "#,
        );

        let found: Vec<_> = manifest
            .dependencies
            .iter()
            .map(|one| (one.name.as_str(), one.requirement.as_deref(), one.path.as_deref()))
            .collect();
        assert_eq!(
            found,
            [
                ("terraform", Some(">= 1.6"), None),
                ("hashicorp/aws", Some("~> 5.0"), None),
                ("random", Some(">= 3"), None),
                ("../network", None, Some("../network")),
                ("terraform-aws-modules/vpc/aws", Some("5.1.0"), None),
            ]
        );
        assert_eq!(manifest.entry_points[0].name, "address");
    }

    #[test]
    fn broken_and_deep_files_are_unreadable() {
        for text in [
            "module \"a\" {".to_owned(),
            format!("a = {}", "[".repeat(100_000)),
            format!("a = {}1", "-".repeat(100_000)),
            format!("a = {}1", "!".repeat(100_000)),
            format!("a = \"{}\"", "${".repeat(100_000)),
            "a {".repeat(100_000),
        ] {
            assert!(Terraform.read(FileName("a.tf"), &text).is_err(), "{}", text.split_at(5).0);
        }
    }

    #[test]
    fn long_chains_are_read_in_time() {
        let text = format!("a = 1{}\nb = {}2\n", " + 1".repeat(50_000), "x ? 1 : ".repeat(20_000));
        let start = crate::platform::clock::CpuTime::start();

        // Whether it is understood is the parser's affair; that it ends, and soon, is ours.
        drop(Terraform.read(FileName("a.tf"), &text));

        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }
}
