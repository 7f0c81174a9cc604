//! The reference: pgbench with the statements of one request as its transaction.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};
use quarterdeck::platform::config::Environment;
use url::Url;

use super::record::Statement;

/// Finds pgbench in the PostgreSQL that was named, else among the programs.
pub(crate) fn find(environment: &Environment) -> Option<PathBuf> {
    let named = environment.get("QUARTERDECK_POSTGRES_DIR").map(|dir| Path::new(dir).join("bin"));
    let mut places = named.into_iter().chain(environment.path());
    places.find_map(|place| Some(place.join("pgbench")).filter(|file| file.is_file()))
}

/// A script for pgbench, and the arguments of its statements.
pub(crate) struct Script {
    text: String,
    variables: Vec<String>,
}

impl Script {
    /// Writes the statements with a variable for each argument.
    ///
    /// pgbench has no variable that is NULL, so NULL stands in the statement. PostgreSQL then has a
    /// little less to plan than for the server, which favours the reference.
    pub(crate) fn new(statements: &[Statement]) -> Self {
        let mut script = Self { text: String::new(), variables: Vec::new() };
        for (number, statement) in statements.iter().enumerate() {
            let mut sql = statement.sql.clone();
            // The greatest first, for `$1` is also the beginning of `$10`.
            for (place, argument) in statement.arguments.iter().enumerate().rev() {
                let name = format!("s{number}a{place}");
                let parameter = format!("${}", place + 1);
                match argument.as_deref() {
                    None => sql = sql.replace(&parameter, "NULL"),
                    // Nor does a variable of pgbench hold nothing.
                    Some("") => sql = sql.replace(&parameter, "''"),
                    Some(value) => {
                        sql = sql.replace(&parameter, &format!(":{name}"));
                        script.variables.push(format!("{name}={value}"));
                    }
                }
            }
            script.text.push_str(&sql);
            script.text.push_str(";\n");
        }
        script
    }

    /// Runs it on so many connections and gives its transactions a second.
    pub(crate) fn run(
        &self,
        pgbench: &Path,
        database: &Url,
        connections: usize,
        seconds: u64,
    ) -> anyhow::Result<f64> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("request.sql");
        fs::write(&file, &self.text)?;
        let mut command = Command::new(pgbench);
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={connections}")).arg(format!("--time={seconds}"));
        for variable in &self.variables {
            command.arg("--define").arg(variable);
        }
        command.arg("--file").arg(&file).arg(database.as_str());
        let output = command.output().context("run pgbench")?;
        let text = String::from_utf8_lossy(&output.stdout);
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench failed: {errors}\n{}", self.text);
        let line = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let number = line.and_then(|line| line.split(' ').next()).context("pgbench told no tps")?;
        Ok(number.parse()?)
    }
}
