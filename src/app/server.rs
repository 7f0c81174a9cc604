//! The web server: its shared values, its middleware, its start and its end.

use std::{net::TcpListener, time::Duration};

use actix_web::{
    App, HttpServer,
    dev::Server,
    middleware::{Compress, from_fn},
    web::{self, Data},
};
use anyhow::Context;
use secrecy::ExposeSecret;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::{error, info};
use tracing_actix_web::TracingLogger;

use super::{
    database,
    defences::Defences,
    jobs,
    metrics_page::{self, MetricsPage},
    routes,
};
use crate::{
    accounts::{
        self,
        sign_in::{DomainClaim, GOOGLE, GitHubSettings, OidcSettings, Providers, Rule},
    },
    connections::Connections,
    github::{Hosts, Reach},
    jobs::Worker,
    organizations::{self, Slug},
    platform::{
        clock::Clock,
        config::{self, Config, Environment},
        keyring::{self, Keyring},
        mail::Mailer,
        tasks::Tasks,
        telemetry,
    },
    tenancy::{Db, SessionCookie, SessionRules, Sessions, SigningKeys, SystemReason, hand_out},
    web::{
        assets,
        error_page::error_page,
        extract,
        headers::{SecurityHeaders, add_headers},
        limits::limit_requests,
        middleware::{ErrorPage, Site, check_origin, measure, render_errors},
        reading::{close_unread, limit_reading},
    },
    webhooks::{DeliveryWorker, Hooks, Inbox, recovery},
    work::ScanSettings,
};

/// How long a connection that is to be closed may take to hear of it.
const CLOSING: Duration = Duration::from_secs(5);

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub sessions: Sessions,
    pub providers: Providers,
    pub site: Site,
    pub mailer: Mailer,
    pub scans: ScanSettings,
    pub connections: Connections,
    pub hooks: Hooks,
    pub inbox: Inbox,
    pub defences: Defences,
    pub tasks: Tasks,
    pub metrics: Option<MetricsPage>,
}

impl Parts {
    /// The values that come from the configuration.
    pub fn new(config: &Config, db: Db, clock: Clock, tasks: Tasks) -> anyhow::Result<Self> {
        let sessions = sessions(config)?;
        Ok(Self {
            defences: Defences::new(config, &db, &clock),
            hooks: Hooks::new(&db, &clock, &sessions.keyring, &tasks),
            inbox: Inbox::new(&db, &tasks),
            connections: Connections::new(&clock, &sessions.keyring, &reach(config))?,
            db,
            providers: providers(config, &clock, &sessions.keyring)?,
            clock,
            sessions,
            site: Site { origin: config.public_url() },
            mailer: mailer(config)?,
            scans: ScanSettings::from_config(config, database::mirrors_dir(config)?),
            tasks,
            metrics: None,
        })
    }
}

/// What sessions are made and checked with, by the configuration.
fn sessions(config: &Config) -> anyhow::Result<Sessions> {
    let settings = &config.sessions;
    let keys = match &settings.signing_secret {
        Some(secret) => {
            let seed = keyring::derive(secret.expose_secret().as_bytes(), b"quarterdeck signing")?;
            SigningKeys::fixed(*seed)?
        }
        None => SigningKeys::default(),
    };
    Ok(Sessions {
        cookie: SessionCookie { https: config.is_https() },
        keys,
        keyring: open_keyring(config)?,
        rules: SessionRules {
            days: settings.days,
            most_days: settings.most_days,
            pepper: settings.secret.clone(),
        },
        renewed: None,
    })
}

/// Where mail goes out, by the configuration.
fn mailer(config: &Config) -> anyhow::Result<Mailer> {
    match (&config.mail.smtp_url, &config.mail.from) {
        (Some(url), Some(from)) => Ok(Mailer::new(url, from)?),
        (Some(_), None) | (None, _) => Ok(Mailer::default()),
    }
}

/// Where the GitHubs may be that administrators name: not in the server's own network, unless the configuration
/// opens it or names them itself.
pub(super) fn reach(config: &Config) -> Reach {
    let reach = Reach::within(&config.repositories.allowed_networks);
    match Hosts::new(&config.github.web_url, config.github.api_url.as_deref()) {
        Ok(hosts) => reach.trusting(&hosts),
        // Who signs in by it is told what is wrong with it.
        Err(_invalid) => reach,
    }
}

/// Who can be asked about people, by the configuration.
fn providers(config: &Config, clock: &Clock, keyring: &Keyring) -> anyhow::Result<Providers> {
    let mut providers = Providers::new(&config.public_url(), clock, keyring)?
        .with_reach(reach(config))
        .with_allowed(&config.github.allowed_organizations)?;
    if let Some(settings) = github(config)? {
        providers = providers.with_github(&settings)?;
    }
    for (name, settings) in &config.oidc {
        if let Some(settings) = issuer(name, settings)? {
            providers = providers.with_oidc(&settings)?;
        }
    }
    Ok(providers)
}

fn github(config: &Config) -> anyhow::Result<Option<GitHubSettings>> {
    let settings = &config.github;
    let (Some(client_id), Some(client_secret)) = (&settings.client_id, &settings.client_secret)
    else {
        return Ok(None);
    };
    let key = match (&settings.private_key, &settings.private_key_file) {
        (Some(key), _) => Some(key.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file);
            let context = || format!("read github.private_key_file, {}", file.display());
            Some(text.with_context(context)?.into())
        }
        (None, None) => None,
    };
    Ok(Some(GitHubSettings {
        web_url: settings.web_url.clone(),
        api_url: settings.api_url.clone(),
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
        app: settings.app_id.zip(key),
    }))
}

/// An issuer of the configuration; Google's address and ways where the section is called so.
fn issuer(name: &str, settings: &config::OidcSettings) -> anyhow::Result<Option<OidcSettings>> {
    let (Some(client_id), Some(client_secret)) = (&settings.client_id, &settings.client_secret)
    else {
        return Ok(None);
    };
    let issuer = settings.issuer.clone().unwrap_or_else(|| GOOGLE.to_owned());
    let claim = match &settings.domain_claim {
        Some(text) => text.parse().with_context(|| format!("oidc.{name}.domain_claim"))?,
        None if issuer == GOOGLE => DomainClaim::Hosted,
        None => DomainClaim::Email,
    };
    let rule = Rule::new(claim, &settings.allowed_domains)
        .with_context(|| format!("oidc.{name}.allowed_domains"))?;
    let usual = if name == "google" { "Google" } else { name };
    Ok(Some(OidcSettings {
        name: name.to_owned(),
        label: settings.label.clone().unwrap_or_else(|| usual.to_owned()),
        issuer,
        client_id: client_id.clone(),
        client_secret: client_secret.clone(),
        rule,
        organization: settings.organization.clone(),
    }))
}

/// The keys that secrets are sealed with; made, with a word about it, where there are none yet.
pub(super) fn open_keyring(config: &Config) -> anyhow::Result<Keyring> {
    if let Some(secret) = &config.keys.secret {
        return Ok(Keyring::of_secrets(secret)?);
    }
    let data_dir = config.data_dir.as_deref().context("the configuration has no data directory")?;
    std::fs::create_dir_all(data_dir).with_context(|| format!("make {}", data_dir.display()))?;
    let file = config.keys_file(data_dir);
    let (keyring, is_new) = Keyring::open_or_make(&file)?;
    if is_new {
        info!("Made the keys that secrets are sealed with: {}. Back this file up", file.display());
    }
    Ok(keyring)
}

/// Wires the shared values and the routes; the same for the server and for tests.
fn configure(parts: &Parts, config: &mut web::ServiceConfig) {
    config
        .app_data(Data::new(parts.db.clone()))
        .app_data(Data::new(parts.clock.clone()))
        .app_data(Data::new(parts.sessions.clone()))
        .app_data(Data::new(parts.providers.clone()))
        .app_data(Data::new(parts.site.clone()))
        .app_data(Data::new(parts.mailer.clone()))
        .app_data(Data::new(parts.scans.clone()))
        .app_data(Data::new(parts.connections.clone()))
        .app_data(Data::new(parts.hooks.clone()))
        .app_data(Data::new(parts.inbox.clone()))
        .app_data(Data::new(parts.tasks.clone()))
        .app_data(Data::new(super::rail::rail()))
        .app_data(Data::<ErrorPage>::new(error_page));
    parts.defences.configure(config);
    if let Some(metrics) = &parts.metrics {
        config.app_data(Data::new(metrics.clone())).configure(metrics_page::configure);
    }
    extract::configure(config);
    assets::configure(config);
    routes().configure(config);
}

/// Runs the server until a signal ends it; says where it listens once it is ready.
pub(super) async fn serve(config: &Config, environment: &Environment) -> anyhow::Result<()> {
    let handle = telemetry::start_metrics()?;
    let upkeep = handle.clone();
    let clock = Clock::system();
    let tasks = Tasks::default();
    let mut signals = Signals::catch().context("catch the signals that end the server")?;
    let opened = database::open(config, environment).await?;
    let mut parts = Parts::new(config, opened.db.clone(), clock.clone(), tasks.clone())?;
    check_isolation(&parts).await?;
    found_first(&parts).await?;
    let token = config.server.metrics_token.clone();
    parts.metrics = token.map(|token| MetricsPage { handle: handle.clone(), token: Some(token) });

    watch_people(&mut parts);
    let web = bind(config, &parts)?;
    let metrics = config
        .server
        .metrics_listen
        .map(|address| metrics_page::listen(address, handle))
        .transpose()?;
    let (ending, handle) = (tasks.clone(), web.handle());
    tasks.spawn("signals", async move {
        signals.wait().await;
        // Streams and jobs end first, or the web server would wait for them.
        ending.stopping().cancel();
        handle.stop(true).await;
    });
    tasks.spawn("metrics", telemetry::keep_up(upkeep, tasks.stopping().clone()));
    let (limits, stop) = (parts.defences.limits.clone(), tasks.stopping().clone());
    tasks.spawn("limits", async move { limits.keep_up(stop).await });
    opened.db.listen(opened.listen.clone(), &tasks);
    start_work(config, &parts, opened.is_alone()).await?;
    announce(config, &parts).await?;

    let patience = Duration::from_secs(config.server.shutdown_seconds);
    let outcome = web.await;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    tasks.shut_down(patience).await;
    opened.close().await;
    info!("Stopped");
    outcome.context("serve requests")
}

/// Has GitHub asked again about people as their sessions are renewed.
pub fn watch_people(parts: &mut Parts) {
    let (sender, renewed) = tokio::sync::mpsc::unbounded_channel();
    let (db, clock, keyring) =
        (parts.db.clone(), parts.clock.clone(), parts.sessions.keyring.clone());
    parts.sessions.renewed = Some(sender);
    let watching = accounts::sign_in::watch(renewed, (db, clock, keyring), parts.providers.clone());
    let stopping = parts.tasks.stopping().clone();
    parts.tasks.spawn("people", async move {
        stopping.run_until_cancelled(watching).await;
    });
}

/// The signals that end the server, caught from the moment this is made.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn catch() -> std::io::Result<Self> {
        let (terminate, interrupt) = (SignalKind::terminate(), SignalKind::interrupt());
        Ok(Self { terminate: signal(terminate)?, interrupt: signal(interrupt)? })
    }

    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => info!("Interrupted; stopping"),
            _ = self.terminate.recv() => info!("Told to stop"),
        }
    }
}

/// Where members of a GitHub organisation are let in, there is something to let them into: an
/// organisation of that name, until somebody gives it another one.
async fn found_first(parts: &Parts) -> anyhow::Result<()> {
    let Some(name) = parts.providers.first_allowed() else { return Ok(()) };
    let mut tx = parts.db.system(SystemReason::Login).await?;
    if organizations::find_first(&mut tx).await?.is_none() {
        let (slug, name) = (Slug::of_name(&name), name.parse()?);
        organizations::insert(&mut tx, &slug, &name, parts.clock.now()).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Serving with broken isolation would show one organisation's rows to another.
async fn check_isolation(parts: &Parts) -> anyhow::Result<()> {
    let report = parts.db.check_isolation().await.context("try the isolation of organisations")?;
    if report.is_well() {
        return Ok(());
    }
    for table in &report.tables {
        for finding in report.findings(&table.table) {
            error!("The table `{}` is not isolated: {finding}", table.table);
        }
    }
    anyhow::bail!(
        "organisations are not kept apart in this database (see above); nothing is served. `quarterdeck doctor` shows the details"
    )
}

fn bind(config: &Config, parts: &Parts) -> anyhow::Result<Server> {
    let address = config.server.listen;
    let listener = TcpListener::bind(address).with_context(|| {
        format!("listen on {address}: is another program using this port? Choose one with QUARTERDECK_LISTEN")
    })?;
    listen(parts, listener, config.server.workers, config.server.shutdown_seconds)
}

/// Serves on a listener with the whole middleware; the same for the product and for tests.
pub fn listen(
    parts: &Parts,
    listener: TcpListener,
    workers: usize,
    shutdown: u64,
) -> anyhow::Result<Server> {
    let parts = parts.clone();
    let connections = parts.defences.connections;
    let headers = Data::new(SecurityHeaders::new(&parts.site, &parts.defences.form_targets)?);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(headers.clone())
            .wrap(from_fn(check_origin))
            .wrap(from_fn(limit_reading))
            .wrap(from_fn(hand_out))
            .wrap(from_fn(limit_requests))
            .wrap(from_fn(render_errors))
            .wrap(from_fn(add_headers))
            .wrap(Compress::default())
            .wrap(from_fn(close_unread))
            .wrap(from_fn(measure))
            .wrap(TracingLogger::<telemetry::RequestSpans>::new())
            .configure(|config| configure(&parts, config))
    });
    // A page that is compressed is written in parts, and each would wait for word of the one before.
    let server = server
        .tcp_nodelay(true)
        .client_request_timeout(connections.head)
        .client_disconnect_timeout(CLOSING)
        .keep_alive(connections.keep_alive)
        // The server counts them for each of its threads.
        .max_connections(connections.most.div_ceil(workers.max(1)));
    Ok(server.workers(workers).disable_signals().shutdown_timeout(shutdown).listen(listener)?.run())
}

async fn start_work(config: &Config, parts: &Parts, alone: bool) -> anyhow::Result<()> {
    let worker = Worker::new(parts.db.clone(), parts.clock.clone(), super::registry(parts));
    if alone {
        worker.take_over().await?;
    }
    let (parallel, tasks) = (config.scanner.parallel, parts.tasks.clone());
    parts.tasks.spawn("worker", async move { worker.work(parallel, tasks).await });
    start_deliveries(parts, alone).await?;
    let (db, clock, tasks) = (parts.db.clone(), parts.clock.clone(), parts.tasks.clone());
    parts.tasks.spawn("comparisons", jobs::keep_in_step(db, clock, tasks));
    parts.tasks.spawn(
        "retention",
        jobs::retain(
            parts.db.clone(),
            parts.clock.clone(),
            parts.scans.clone(),
            parts.tasks.clone(),
        ),
    );
    Ok(())
}

/// How many lanes of deliveries are worked on at once.
const LANES: usize = 4;

/// Works the inbox through until the process stops.
async fn start_deliveries(parts: &Parts, alone: bool) -> anyhow::Result<()> {
    let worker = DeliveryWorker::new(&parts.db, &parts.clock, &parts.inbox);
    if alone {
        worker.take_over().await?;
    }
    let tasks = parts.tasks.clone();
    let watching = recovery::watch(parts.db.clone(), parts.clock.clone(), parts.tasks.clone());
    parts.tasks.spawn("recovery", watching);
    parts.tasks.spawn("inbox", async move { worker.work(LANES, tasks).await });
    Ok(())
}

/// Says where to go; with a link in it as long as nobody has signed in.
async fn announce(config: &Config, parts: &Parts) -> anyhow::Result<()> {
    let url = config.public_url();
    super::commands::say(&format!("Listening on {url}"));
    if let Some(link) = accounts::setup::first_link(&parts.db, &parts.clock, &url).await? {
        super::commands::say(&format!(
            "Open this link within 30 minutes to become the owner:\n\n    {link}\n"
        ));
    }
    Ok(())
}
