//! The command line.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::{commands, server};
use crate::{
    accounts::tokens::{self, TokenName},
    platform::{
        config::{self, Config, Environment},
        jwt, telemetry,
    },
    tenancy::{Role, TokenScope},
    webhooks::HookName,
};

/// A self-hosted command post for a software team's GitHub organisation.
#[derive(Debug, Parser)]
#[command(name = "quarterdeck", version, about, propagate_version = true)]
pub struct Cli {
    /// The configuration file [default: `config.toml` here or in /etc/quarterdeck, where there is one]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server, with a private Postgres where no `DATABASE_URL` is set
    Serve,
    /// Bring the database's tables up to date and end
    Migrate,
    /// Print a link that makes whoever opens it an owner; it works once, for 30 minutes
    SetupLink {
        /// An owner of this organisation instead of the first one (logged)
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
    },
    /// Check configuration, database, isolation, git and the data directory
    Doctor,
    /// Ask the running server whether it is ready; for container health checks
    Health,
    /// Read the configuration and say what is wrong with it
    CheckConfig,
    /// Print the API's description (OpenAPI 3.1, JSON)
    Openapi,
    /// Print the database's tables for the documents
    Schema {
        #[arg(value_enum)]
        what: SchemaPart,
    },
    /// Manage organisations
    #[command(subcommand)]
    Organization(OrganizationCommand),
    /// Manage API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Manage the hooks by which GitHub tells what happens
    #[command(subcommand)]
    Hook(HookCommand),
    /// Read and check the audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Manage the keys that secrets in the database are sealed with
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Help people who cannot help themselves
    #[command(subcommand)]
    People(PeopleCommand),
    /// Scan a repository: print what is found, or store it for an organisation
    Scan(ScanArguments),
    /// Print completions for a shell
    Completions { shell: Shell },
    /// Print the manual page
    Man,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum SchemaPart {
    /// The entity diagram, for Mermaid
    Diagram,
    /// Tables × roles × policies, as Markdown
    Rights,
    /// Permissions × roles and every route, as Markdown
    Permissions,
}

#[derive(Debug, Subcommand)]
enum OrganizationCommand {
    /// Add an organisation
    Create {
        /// Its address: small letters, digits, hyphens
        slug: String,
        /// What it is called [default: the slug]
        #[arg(long)]
        name: Option<String>,
        /// Succeed without a change where it exists already
        #[arg(long)]
        if_missing: bool,
    },
    /// Print the organisations' slugs and names
    List,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Print a new token and nothing else; it is shown only this once
    Create(TokenArguments),
}

#[derive(Debug, Subcommand)]
enum HookCommand {
    /// Print the address and the secret of a new hook; they are shown only this once
    Create(HookArguments),
}

#[derive(Debug, Args)]
pub(super) struct HookArguments {
    /// The organisation that it is of
    #[arg(long, value_name = "SLUG")]
    pub(super) organization: String,
    /// What it is called
    #[arg(long, default_value = "made at the command line")]
    pub(super) name: HookName,
    /// Print `{"url": …, "secret": …}`
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Print the keys' ids, which of them seals, and how much is sealed with each; `lost` ones are not there
    List,
    /// Put a new key in front of the others; it seals from the next start on (logged)
    Add,
    /// Seal everything with the first key; exit 1 where something stays closed (logged)
    Reseal,
    /// Take a key away that nothing is sealed with (logged)
    Retire {
        /// As `keys list` prints it
        #[arg(allow_hyphen_values = true)]
        id: String,
    },
}

#[derive(Debug, Subcommand)]
enum PeopleCommand {
    /// Take the second factor of somebody away who has lost it, recovery codes included (logged)
    RemoveFactor { login: String },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Walk the chain of every entry's hash; exit 1 where it is broken, and say at which entry
    Verify {
        /// Of this organisation alone
        #[arg(long, value_name = "SLUG")]
        organization: Option<String>,
    },
    /// Print the newest entries, newest first (logged)
    List(AuditListArguments),
}

#[derive(Debug, Args)]
pub(super) struct AuditListArguments {
    /// Of this organisation alone
    #[arg(long, value_name = "SLUG")]
    pub(super) organization: Option<String>,
    /// How many entries of each organisation at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..))]
    pub(super) limit: i64,
    /// Print each entry as a line of JSON, with its organisation
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct TokenArguments {
    #[arg(long, value_name = "SLUG")]
    pub(super) organization: String,
    /// viewer, member, manager, admin or owner
    #[arg(long)]
    pub(super) role: Role,
    /// What it is for
    #[arg(long)]
    pub(super) name: TokenName,
    /// What it may do at most: read, write or admin
    #[arg(long, default_value = "admin", value_parser = tokens::parse_scope)]
    pub(super) scope: TokenScope,
    /// After how many days it ends [default: never]
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub(super) expires_days: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct ScanArguments {
    /// A git repository on this machine, or the https address of one
    #[arg(value_name = "PATH|URL")]
    pub(super) source: String,
    /// Store the result for this organisation, adding the repository where it is new
    #[arg(long, value_name = "SLUG", conflicts_with = "json")]
    pub(super) organization: Option<String>,
    /// Print the whole result as JSON
    #[arg(long)]
    pub(super) json: bool,
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // One TLS stack for the process; it is only refused where one has been chosen before.
    drop(rustls::crypto::ring::default_provider().install_default());
    jwt::install();
    let environment = Environment::of_process();
    match run(cli, &environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            commands::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli, environment: &Environment) -> anyhow::Result<()> {
    let config = config::load(cli.config.as_deref(), environment)?;
    match cli.command {
        Command::CheckConfig => commands::check_config(&config),
        Command::Openapi => commands::openapi(),
        Command::Completions { shell } => commands::completions(shell),
        Command::Man => commands::man(),
        Command::Scan(arguments) if arguments.organization.is_none() => {
            quiet_logging(&config)?;
            commands::scan_only(&config, &arguments)
        }
        command => in_runtime(&config, environment, command),
    }
}

/// Commands other than `serve` print their result; their log is for trouble only.
fn quiet_logging(config: &Config) -> anyhow::Result<()> {
    let mut settings = config.log.clone();
    if settings.filter == "info" {
        "warn".clone_into(&mut settings.filter);
    }
    telemetry::start_logging(&settings)
}

fn in_runtime(config: &Config, environment: &Environment, command: Command) -> anyhow::Result<()> {
    if matches!(command, Command::Serve) {
        telemetry::start_logging(&config.log)?;
        return actix_web::rt::System::new().block_on(server::serve(config, environment));
    }
    quiet_logging(config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(with_database(config, environment, command))
}

async fn with_database(
    config: &Config,
    environment: &Environment,
    command: Command,
) -> anyhow::Result<()> {
    match command {
        Command::Doctor => commands::doctor(config, environment).await,
        Command::Health => commands::health(config).await,
        Command::Migrate => commands::migrate(config, environment).await,
        Command::SetupLink { organization } => {
            commands::setup_link(config, environment, organization.as_deref()).await
        }
        Command::Schema { what } => commands::schema(config, environment, what).await,
        Command::Organization(OrganizationCommand::Create { slug, name, if_missing }) => {
            commands::create_organization(config, environment, &slug, name.as_deref(), if_missing)
                .await
        }
        Command::Organization(OrganizationCommand::List) => {
            commands::list_organizations(config, environment).await
        }
        Command::Token(TokenCommand::Create(arguments)) => {
            commands::create_token(config, environment, &arguments).await
        }
        Command::Hook(HookCommand::Create(arguments)) => {
            commands::create_hook(config, environment, &arguments).await
        }
        Command::Audit(AuditCommand::Verify { organization }) => {
            commands::verify_audit(config, environment, organization.as_deref()).await
        }
        Command::Audit(AuditCommand::List(arguments)) => {
            commands::list_audit(config, environment, &arguments).await
        }
        Command::Keys(KeysCommand::List) => commands::list_keys(config, environment).await,
        Command::Keys(KeysCommand::Add) => commands::add_key(config, environment).await,
        Command::Keys(KeysCommand::Reseal) => commands::reseal(config, environment).await,
        Command::Keys(KeysCommand::Retire { id }) => {
            commands::retire_key(config, environment, &id).await
        }
        Command::People(PeopleCommand::RemoveFactor { login }) => {
            commands::remove_factor(config, environment, &login).await
        }
        Command::Scan(arguments) => commands::scan_and_store(config, environment, &arguments).await,
        Command::Serve
        | Command::CheckConfig
        | Command::Openapi
        | Command::Completions { .. }
        | Command::Man => Ok(()),
    }
}
