//! Ansible: collections (`galaxy.yml`), roles, playbooks and what they require.

use serde_json::Value;

use super::{
    Detector, FileName, Finding, Manifest, Unreadable,
    table::{LONG, SHORT, json_line},
};
use crate::scanner::{
    manifest::Child,
    model::{EntryKind, Scope},
    text, yaml,
};

pub(super) struct Ansible;

impl Detector for Ansible {
    fn kind(&self) -> &'static str {
        "ansible"
    }

    fn reads(&self, file: FileName<'_>) -> bool {
        matches!(file.name(), "galaxy.yml" | "ansible.cfg")
            || is_role_file(file)
            || is_playbook(file)
            || is_requirements(file)
    }

    fn read(&self, file: FileName<'_>, text: &str) -> Result<Finding, Unreadable> {
        if file.name() == "ansible.cfg" {
            return Ok(Finding::component(manifest()));
        }
        // Tasks are only a sign that a role is here: their modules need no reading.
        if is_role_file(file) && file.directory_name() == "tasks" {
            return Ok(role(manifest()));
        }
        let root: Value = yaml::read(text).map_err(|error| Unreadable::new(&error))?;
        Ok(match file.name() {
            "galaxy.yml" => Finding::project(collection(&root)),
            _ if is_role_file(file) => role(role_of(&root)),
            _ if is_requirements(file) => Finding::remark(requirements(&root)),
            _ => playbook(file, &root),
        })
    }
}

fn manifest() -> Manifest {
    Manifest { tools: vec!["Ansible".to_owned()], ..Manifest::default() }
}

/// `roles/web/meta/main.yml` and `roles/web/tasks/main.yml`.
fn is_role_file(file: FileName<'_>) -> bool {
    let mut parts = file.0.rsplit('/');
    let is_main = matches!(parts.next(), Some("main.yml" | "main.yaml"));
    is_main
        && matches!(parts.next(), Some("meta" | "tasks"))
        && parts.next().is_some()
        && parts.next() == Some("roles")
}

fn is_playbook(file: FileName<'_>) -> bool {
    let Some(stem) = file.name().strip_suffix(".yml").or_else(|| file.name().strip_suffix(".yaml"))
    else {
        return false;
    };
    matches!(stem, "site" | "playbook") || file.directory_name() == "playbooks"
}

fn is_requirements(file: FileName<'_>) -> bool {
    matches!(file.name(), "requirements.yml" | "requirements.yaml")
}

/// The directory above `meta` or `tasks` is the role.
fn role(manifest: Manifest) -> Finding {
    let child = Child { path: "..".to_owned(), manifest };
    Finding::remark(Manifest { children: vec![child], ..Manifest::default() })
}

fn collection(root: &Value) -> Manifest {
    let name = json_line(root, "namespace", SHORT)
        .zip(json_line(root, "name", SHORT))
        .map(|(namespace, name)| format!("{namespace}.{name}"));
    let licence = root.get("license").and_then(Value::as_array).and_then(|all| all.first());
    let mut manifest = Manifest {
        name,
        version: json_line(root, "version", SHORT),
        description: json_line(root, "description", LONG),
        licence: licence.and_then(Value::as_str).and_then(|name| text::some_line(name, SHORT)),
        ..manifest()
    };
    for (name, version) in root.get("dependencies").and_then(Value::as_object).into_iter().flatten()
    {
        manifest.depend(name, version.as_str(), Scope::Runtime);
    }
    manifest
}

fn role_of(root: &Value) -> Manifest {
    let empty = Value::Null;
    let info = root.get("galaxy_info").unwrap_or(&empty);
    let mut manifest = Manifest {
        name: json_line(info, "role_name", SHORT),
        description: json_line(info, "description", LONG),
        licence: json_line(info, "license", SHORT),
        ..manifest()
    };
    for needed in root.get("dependencies").and_then(Value::as_array).into_iter().flatten() {
        require(&mut manifest, needed);
    }
    manifest
}

/// A list of roles, or an object with `roles` and `collections`.
fn requirements(root: &Value) -> Manifest {
    let mut manifest = Manifest::default();
    let lists = ["roles", "collections"].map(|key| root.get(key).unwrap_or(&Value::Null));
    for list in [root].into_iter().chain(lists) {
        for needed in list.as_array().into_iter().flatten() {
            require(&mut manifest, needed);
        }
    }
    manifest
}

fn require(manifest: &mut Manifest, needed: &Value) {
    let name = ["name", "role", "src"].iter().find_map(|key| json_line(needed, key, SHORT));
    let name = name.or_else(|| text::some_line(needed.as_str()?, SHORT)).unwrap_or_default();
    let version = json_line(needed, "version", SHORT);
    manifest.depend(&name, version.as_deref(), Scope::Runtime);
}

/// A list with plays; a file of tasks in the same directory is none.
fn playbook(file: FileName<'_>, root: &Value) -> Finding {
    let plays = root.as_array().map(Vec::as_slice).unwrap_or_default();
    let is_play = |item: &&Value| {
        ["hosts", "import_playbook", "ansible.builtin.import_playbook"]
            .iter()
            .any(|key| item.get(key).is_some())
    };
    let Some(play) = plays.iter().find(is_play) else {
        return Finding::remark(Manifest::default());
    };
    let mut manifest = manifest();
    manifest.enter(EntryKind::Binary, file.name(), json_line(play, "hosts", SHORT).as_deref());
    for role in plays.iter().filter_map(|play| play.get("roles")?.as_array()).flatten() {
        require(&mut manifest, role);
    }
    Finding::component(manifest)
}

#[cfg(test)]
mod tests {
    use crate::scanner::scan_testing::{outline, project, report};

    #[test]
    fn roles_playbooks_and_collections_are_found() {
        let report = report(&[
            ("ansible.cfg", "[defaults]\n"),
            ("site.yml", "- hosts: web\n  roles:\n  - web\n  - {role: geerlingguy.nginx}\n"),
            ("playbooks/deploy.yml", "- hosts: all\n  tasks: []\n"),
            ("playbooks/vars.yml", "a: 1\n"),
            ("requirements.yml", "roles:\n- {src: geerlingguy.nginx, version: 3.1.0}\n"),
            ("roles/web/tasks/main.yml", "- name: x\n  debug: {msg: '{{ a }}'}\n"),
            (
                "roles/db/meta/main.yml",
                "galaxy_info: {description: A database, license: MIT}\ndependencies: [web]\n",
            ),
            ("collection/galaxy.yml", "namespace: acme\nname: tools\nversion: 1.0.0\n"),
        ]);

        assert_eq!(
            outline(&report),
            [
                (".", "demo", "ansible"),
                ("collection", "acme.tools", "ansible"),
                ("roles/db", "db", "ansible"),
                ("roles/web", "web", "ansible"),
            ]
        );
        assert_eq!(report.warnings, []);
        let root = project(&report, ".");
        let entries: Vec<_> = root.entry_points.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(entries, ["deploy.yml", "site.yml"]);
        assert_eq!(project(&report, "roles/db").licence.as_deref(), Some("MIT"));
        assert!(root.dependencies.iter().any(|one| one.name == "geerlingguy.nginx"));
    }
}
