//! The security kernel: who acts, for which organisation, with which permission, in which
//! transaction. Small enough to audit in an hour.
//!
//! Handlers reach data only through a [`Scope`] and the [`TenantTx`] it begins; code that works
//! across tenants says why with a [`SystemReason`]. Invariant: no connection leaves this module
//! without its tenant (or none) set for exactly one transaction, and Postgres' row-level security
//! refuses the rest even where this module is wrong.
//!
//! What the types refuse is shown by pairs of examples that differ in one line; the first of each
//! compiles, the second does not:
//!
//! A handler that forgets its permission cannot be registered:
//!
//! ```
//! use quarterdeck::{tenancy::{Routes, Scope, ViewWork}, web::Result};
//! async fn page(scope: Scope<ViewWork>) -> Result<String> { Ok(scope.organization().name.clone()) }
//! let routes = Routes::default().read("/{organization}/page", page);
//! ```
//! ```compile_fail
//! use quarterdeck::{tenancy::{Routes, Scope, ViewWork}, web::Result};
//! async fn page() -> Result<String> { Ok("open to all".to_owned()) }
//! let routes = Routes::default().read("/{organization}/page", page);
//! ```
//!
//! A handler that forgets its tenant has no transaction:
//!
//! ```
//! use quarterdeck::{tenancy::{Scope, ViewWork}, web::Result};
//! async fn page(scope: Scope<ViewWork>) -> Result<()> { let tx = scope.begin().await?; Ok(()) }
//! ```
//! ```compile_fail
//! use quarterdeck::{tenancy::{Db, ViewWork}, web::Result};
//! async fn page(db: Db) -> Result<()> { let tx = db.begin().await?; Ok(()) }
//! ```
//!
//! A handler that writes and forgets its commit has nothing to answer with:
//!
//! ```
//! use quarterdeck::{tenancy::{ManageRepositories, Routes, Saved, Scope}, web::Result};
//! async fn change(scope: Scope<ManageRepositories>) -> Result<Saved> {
//!     let tx = scope.begin().await?;
//!     Ok(tx.commit().await?.see_other("/"))
//! }
//! let routes = Routes::default().post("/{organization}/change", change);
//! ```
//! ```compile_fail
//! use quarterdeck::{tenancy::{ManageRepositories, Routes, Saved, Scope}, web::Result};
//! async fn change(scope: Scope<ManageRepositories>) -> Result<actix_web::HttpResponse> {
//!     let tx = scope.begin().await?;
//!     Ok(actix_web::HttpResponse::Ok().finish())
//! }
//! let routes = Routes::default().post("/{organization}/change", change);
//! ```
//!
//! Nobody outside makes a [`Grant`], takes a connection from [`Db`], or answers [`Saved`] by hand:
//!
//! ```compile_fail
//! let saved = quarterdeck::tenancy::Saved(actix_web::HttpResponse::Ok().finish());
//! ```

mod allowed;
pub mod audit;
mod changes;
mod confirmation;
mod db;
mod grant;
mod layout;
mod limits;
mod permission;
mod routes;
mod scope;
mod session;
mod store;
mod tx;

pub use allowed::Allowed;
pub use changes::{Change, ChangeStream, News, Wake};
pub(crate) use changes::{forget as forget_changes, notify_jobs};
pub use db::{Db, Isolation, LoginError};
pub use grant::{AccountId, Actor, Grant, Organization, Origin, TenantId};
pub use layout::{CatalogFinding, IsolationReport, ProbeFinding, TableRights};
pub use limits::SharedLimits;
pub use permission::{
    ExportData, InspectIsolation, InvalidRole, LeadTeams, LeaveOrganization, Level, MakeTokens,
    ManageAccess, ManageGitHub, ManageHooks, ManageMembers, ManageOrganization, ManageRepositories,
    ManageSignIn, ManageTeams, Permission, PermissionEntry, ReplayDeliveries, RepositoryPermission,
    RequestScan, RevokeOwnTokens, RevokeTokens, Role, RotateKeys, TokenScope, ViewAnalytics,
    ViewAudit, ViewDeliveries, ViewGitHub, ViewKeys, ViewOrganization, ViewSignIn, ViewTokens,
    ViewWork, permissions,
};
pub use routes::{Access, RouteEntry, Routes};
pub use scope::{Arriving, Confirmed, Scope, SignedIn, origin};
pub use session::{
    Jwk, PublicKey, SESSION_COOKIE, SESSION_COOKIE_SECURE, SessionCookie, SessionId, SessionRules,
    Sessions, SigningKeyState, SigningKeys, hand_out,
};
pub use tx::{Committed, Saved, Savepoint, SystemReason, SystemTx, TenantTx};
