//! Transactions: of one tenant, or across tenants with a reason.

use actix_web::{
    HttpResponse, Responder,
    body::BoxBody,
    http::{StatusCode, header},
};
use serde::Serialize;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{
    audit::{self, Draft},
    changes,
    db::Isolation,
    grant::{AccountId, Actor, Grant, Origin, TenantId},
    permission::Role,
};

/// One transaction that acts for one tenant; dropping it undoes it.
#[derive(Debug)]
pub struct TenantTx {
    pub(super) inner: Transaction<'static, Postgres>,
    pub(super) grant: Grant,
    pub(super) isolation: Isolation,
    pub(super) topics: Vec<Topic>,
    /// The entries of the audit log that the commit writes.
    pub(super) drafts: Vec<Draft>,
}

/// A place in a transaction to go back to.
#[derive(Debug)]
pub struct Savepoint {
    topics: usize,
    drafts: usize,
}

/// What open pages are told of, and of which repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) repository: Option<uuid::Uuid>,
}

impl TenantTx {
    pub(super) const fn new(
        inner: Transaction<'static, Postgres>,
        grant: Grant,
        isolation: Isolation,
    ) -> Self {
        Self { inner, grant, isolation, topics: Vec::new(), drafts: Vec::new() }
    }

    /// The connection, for the queries of a `store`.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// The tenant, for the rows that a store inserts.
    pub const fn tenant(&self) -> TenantId {
        self.grant.organization.id
    }

    pub const fn actor(&self) -> &Actor {
        &self.grant.actor
    }

    /// Marks where [`Self::undo`] goes back to. One is open at a time.
    pub async fn savepoint(&mut self) -> sqlx::Result<Savepoint> {
        sqlx::query("SAVEPOINT part").execute(&mut *self.inner).await?;
        Ok(Savepoint { topics: self.topics.len(), drafts: self.drafts.len() })
    }

    /// Keeps what was written since the savepoint, as a part of the transaction.
    pub async fn release(&mut self, _: Savepoint) -> sqlx::Result<()> {
        sqlx::query("RELEASE SAVEPOINT part").execute(&mut *self.inner).await.map(|_| ())
    }

    /// Undoes what was written since the savepoint, with what it would have announced and logged.
    pub async fn undo(&mut self, to: Savepoint) -> sqlx::Result<()> {
        self.topics.truncate(to.topics);
        self.drafts.truncate(to.drafts);
        sqlx::query("ROLLBACK TO SAVEPOINT part").execute(&mut *self.inner).await?;
        sqlx::query("RELEASE SAVEPOINT part").execute(&mut *self.inner).await.map(|_| ())
    }

    /// Has all further statements, and the checks of foreign keys, planned anew and for any tenant.
    ///
    /// Wanted before many rows are written or deleted, and again when many have been. Postgres keeps
    /// plans from when a table was small, and plans for the tenant at hand: where its statistics do
    /// not know that one yet, it takes it to have no rows. Either way any index that begins with the
    /// tenant seems as good as the right one, and each check reads all of its rows.
    pub async fn plan_anew(&mut self) -> sqlx::Result<()> {
        for statement in ["SET LOCAL plan_cache_mode = force_generic_plan", "DISCARD PLANS"] {
            sqlx::query(statement).execute(&mut *self.inner).await?;
        }
        Ok(())
    }

    pub const fn role(&self) -> Role {
        self.grant.role
    }

    /// The person who acts, also by a token.
    pub const fn person(&self) -> Option<AccountId> {
        self.grant.person
    }

    /// Where the request comes from.
    pub fn origin(&self) -> &Origin {
        self.grant.origin()
    }

    /// Says which request a transaction serves that a system transaction entered.
    pub fn comes_from(&mut self, origin: &Origin) {
        self.grant.origin = std::sync::Arc::new(origin.clone());
    }

    /// Tells all open pages of the organisation about a topic once this transaction is committed.
    pub fn announce(&mut self, topic: impl Into<String>) {
        self.tell(Topic { name: topic.into(), repository: None });
    }

    /// Tells those who may see the repository.
    pub fn announce_in(&mut self, repository: uuid::Uuid, topic: impl Into<String>) {
        self.tell(Topic { name: topic.into(), repository: Some(repository) });
    }

    fn tell(&mut self, topic: Topic) {
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
    }

    /// Undoes everything and answers 422 with the form again, what was typed and what is wrong in it.
    pub async fn refuse(self, form: HttpResponse) -> sqlx::Result<Saved> {
        self.inner.rollback().await?;
        let mut form = form;
        *form.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        Ok(Saved(form))
    }

    /// Makes the changes permanent; only this yields what a writing handler must answer.
    pub async fn commit(mut self) -> sqlx::Result<Committed> {
        audit::write_and_tell(&mut self).await?;
        self.inner.commit().await?;
        Ok(Committed(()))
    }
}

/// The proof of a commit, which answers are made from.
#[derive(Debug)]
pub struct Committed(());

/// What a handler that writes answers: made from [`Committed`], or by [`TenantTx::refuse`].
#[derive(Debug)]
pub struct Saved(HttpResponse);

impl Committed {
    /// 303 to a page of this site.
    pub fn see_other(self, location: impl Into<String>) -> Saved {
        Saved(HttpResponse::SeeOther().insert_header((header::LOCATION, location.into())).finish())
    }

    pub fn json(self, body: &impl Serialize) -> Saved {
        Saved(HttpResponse::Ok().json(body))
    }

    /// 201 with the new resource and its address.
    pub fn created(self, location: &str, body: &impl Serialize) -> Saved {
        Saved(HttpResponse::Created().insert_header((header::LOCATION, location)).json(body))
    }

    /// 202 with the resource that tells how the work goes on.
    pub fn accepted(self, location: &str, body: &impl Serialize) -> Saved {
        Saved(HttpResponse::Accepted().insert_header((header::LOCATION, location)).json(body))
    }

    /// A page that was rendered before the commit, whatever its status.
    pub fn answer(self, page: HttpResponse) -> Saved {
        Saved(page)
    }

    pub fn no_content(self) -> Saved {
        Saved(HttpResponse::NoContent().finish())
    }

    pub fn html(self, body: String) -> Saved {
        Saved(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(body))
    }
}

impl Saved {
    /// Sets a cookie on the answer.
    pub fn with_cookie(
        mut self,
        cookie: &actix_web::cookie::Cookie<'_>,
    ) -> actix_web::Result<Self> {
        self.0.add_cookie(cookie)?;
        Ok(self)
    }

    /// The answer itself, for tests and for the handlers outside a tenant.
    pub fn into_response(self) -> HttpResponse {
        self.0
    }
}

impl Responder for Saved {
    type Body = BoxBody;

    fn respond_to(self, _: &actix_web::HttpRequest) -> HttpResponse {
        self.0
    }
}

/// Why code works across tenants. Searching for this type lists all that does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemReason {
    /// Find out who somebody is, and what a person does with the own account.
    Login,
    /// Take queued jobs of all tenants and record how they ended.
    ClaimJob,
    /// Store what GitHub tells: in a task that nobody drops, never in a request (see `begins_by`).
    StoreDelivery,
    /// Take what GitHub has told from the inbox, and look how it stands.
    TakeDelivery,
    /// Delete what is older than it is kept.
    Retention,
    /// Find out whose repositories are to be compared with GitHub.
    Schedule,
    /// The operator at the server's command line.
    CommandLine,
    /// See and change what the whole site is set up with.
    Site,
    /// Whether the server is well.
    Health,
    /// Count what callers have used of their limits, whoever they are.
    Limits,
}

impl SystemReason {
    /// One message that begins the transaction, where that is safe: nobody drops the future meanwhile. Of one that
    /// was dropped sqlx knows nothing, and its connection would go back to the pool with the transaction and its
    /// role. What stores deliveries is a task of its own, of which many wait for each message less.
    ///
    /// BEGIN comes last and takes over what was set before it in the same message: where a setting is refused,
    /// nothing has begun that would have to be rolled back.
    pub(super) const fn begins_by(self, isolation: Isolation) -> Option<&'static str> {
        macro_rules! begin {
            ($role:literal) => {
                concat!(
                    "SET LOCAL role = ",
                    $role,
                    "; SET LOCAL app.tenant_id = ''; SET LOCAL app.system = 'on'; \
                     SET LOCAL plan_cache_mode = force_generic_plan; BEGIN",
                )
            };
        }
        match (self, isolation) {
            (Self::StoreDelivery, Isolation::TwoRoles) => Some(begin!("quarterdeck_system")),
            (Self::StoreDelivery, Isolation::OneLogin) => Some(begin!("none")),
            _ => None,
        }
    }

    /// How PostgreSQL is to plan the queries. What stores says little of how much there is: planned once, for that
    /// would take longer than it does. What takes from a queue is planned for how much waits now, and not for the
    /// empty table of the beginning.
    pub(super) const fn plans(self) -> &'static str {
        match self {
            Self::StoreDelivery => "force_generic_plan",
            Self::TakeDelivery => "force_custom_plan",
            Self::Login
            | Self::ClaimJob
            | Self::Retention
            | Self::Schedule
            | Self::CommandLine
            | Self::Site
            | Self::Health
            | Self::Limits => "auto",
        }
    }
}

/// One transaction across tenants; it sees the tables of sign-in and queues, and no tenant's data.
#[derive(Debug)]
pub struct SystemTx {
    pub(super) inner: Transaction<'static, Postgres>,
    pub(super) reason: SystemReason,
    pub(super) isolation: Isolation,
    /// The entries of organisations' audit logs that the commit writes.
    pub(super) drafts: Vec<Draft>,
}

impl SystemTx {
    /// The connection, for the queries of a `store`.
    pub fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    pub async fn commit(mut self) -> sqlx::Result<Committed> {
        audit::write(&mut self.inner, self.isolation, None, &mut self.drafts).await?;
        self.inner.commit().await?;
        Ok(Committed(()))
    }

    /// Has every open page look, after the commit, whether its person is still let in.
    pub async fn wake_people(&mut self) -> sqlx::Result<()> {
        changes::notify_people(&mut self.inner).await
    }

    /// Goes on, in the same transaction, as this grant: to add the first rows of a tenant.
    pub async fn enter(mut self, grant: Grant) -> sqlx::Result<TenantTx> {
        super::store::enter_tenant(&mut self.inner, self.isolation, &grant, false).await?;
        let mut tx = TenantTx::new(self.inner, grant, self.isolation);
        tx.drafts = self.drafts;
        Ok(tx)
    }

    /// The grant of a claimed job: it acts for the tenant of its row.
    pub async fn grant_of_job(
        &mut self,
        tenant: TenantId,
        kind: &str,
    ) -> sqlx::Result<Option<Grant>> {
        assert_eq!(self.reason, SystemReason::ClaimJob, "only claiming a job makes its grant");
        let organization = super::store::find_organization(&mut self.inner, tenant).await?;
        let actor = Actor::Job { kind: kind.to_owned() };
        Ok(organization.map(|organization| Grant::own(organization, actor, Role::Owner)))
    }

    /// The grant under which a delivery has its effect: it acts for the tenant of its row.
    pub async fn grant_of_delivery(&mut self, tenant: TenantId) -> sqlx::Result<Option<Grant>> {
        assert_eq!(
            self.reason,
            SystemReason::TakeDelivery,
            "only taking a delivery makes its grant"
        );
        let organization = super::store::find_organization(&mut self.inner, tenant).await?;
        let actor = Actor::Job { kind: "webhook".to_owned() };
        Ok(organization.map(|organization| Grant::own(organization, actor, Role::Owner)))
    }

    /// The grants under which retention looks after each organisation.
    pub async fn grants_of_retention(&mut self) -> sqlx::Result<Vec<Grant>> {
        assert_eq!(self.reason, SystemReason::Retention, "only retention is given all of them");
        let organizations = super::store::list_organizations(&mut self.inner).await?;
        let actor = Actor::Job { kind: "retention".to_owned() };
        let grant = |organization| Grant::own(organization, actor.clone(), Role::Owner);
        Ok(organizations.into_iter().map(grant).collect())
    }

    /// The grants under which what is due by the clock is asked for, of each organisation.
    pub async fn grants_of_schedule(&mut self) -> sqlx::Result<Vec<Grant>> {
        assert_eq!(self.reason, SystemReason::Schedule, "only the schedule is given all of them");
        let organizations = super::store::list_organizations(&mut self.inner).await?;
        let actor = Actor::Job { kind: "schedule".to_owned() };
        let grant = |organization| Grant::own(organization, actor.clone(), Role::Owner);
        Ok(organizations.into_iter().map(grant).collect())
    }

    /// The grant of the operator for an organisation.
    pub async fn grant_of_operator(&mut self, slug: &str) -> sqlx::Result<Option<Grant>> {
        assert_eq!(self.reason, SystemReason::CommandLine, "only the command line has an operator");
        let organization = super::store::find_organization_by_slug(&mut self.inner, slug).await?;
        Ok(organization.map(|organization| Grant::own(organization, Actor::Command, Role::Owner)))
    }

    /// The grant of an account that has just become a member, in the transaction that made it one.
    pub async fn grant_of_member(
        &mut self,
        tenant: TenantId,
        account: AccountId,
    ) -> sqlx::Result<Option<Grant>> {
        super::store::find_grant_of_member(&mut self.inner, tenant, account).await
    }
}
