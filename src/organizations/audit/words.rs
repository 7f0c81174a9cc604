//! Actions and the kinds of objects, in words.

/// Every action that is written, in words; a test fails where one is missing.
pub const ACTIONS: [(&str, &str); 76] = [
    ("account.deleted", "Deleted their account"),
    ("account.exported", "Took out the data about themselves"),
    (
        "account.reconnection_asked",
        "Was asked to sign in with GitHub again: the server has lost a key",
    ),
    ("account.renamed", "Changed their name"),
    ("account.signed_in", "Signed in"),
    ("audit.exported", "Exported the audit log"),
    ("audit.forgotten", "Deleted old entries of the audit log"),
    ("audit.retention_changed", "Changed how long the audit log is kept"),
    ("connection.begun", "Set out to connect GitHub"),
    ("connection.created", "Connected GitHub"),
    ("connection.installed", "Noted where a GitHub App is installed"),
    ("connection.removed", "Removed a connection to GitHub"),
    ("delivery.all_replayed", "Had all deliveries that failed tried again"),
    ("delivery.replayed", "Had a delivery tried again"),
    ("factor.begun", "Began to set up a second factor"),
    ("factor.confirmed", "Gave the second factor"),
    ("factor.refused", "Gave a wrong code of the second factor"),
    ("factor.removed", "Removed the second factor"),
    ("factor.set_up", "Set up a second factor"),
    ("hook.created", "Made a hook"),
    ("hook.revoked", "Revoked a hook"),
    ("hook.rotated", "Gave a hook another secret"),
    ("identity.added", "Added a way of signing in"),
    ("identity.begun", "Set out to add a way of signing in"),
    ("identity.refused", "Was refused another way of signing in"),
    ("identity.removed", "Removed a way of signing in"),
    ("invitation.accepted", "Came in by an invitation"),
    ("invitation.created", "Invited somebody"),
    ("invitation.refused", "Was refused with an invitation"),
    ("invitation.renewed", "Gave an invitation another link"),
    ("invitation.revoked", "Took an invitation back"),
    ("key.added", "Added a key that secrets are sealed with"),
    ("key.resealed", "Sealed all secrets with the newest key"),
    ("key.retired", "Took a key away that secrets were sealed with"),
    ("member.deactivated", "Deactivated a member"),
    ("member.left", "Left the organisation"),
    ("member.let_in", "Came in by a provider's word"),
    ("member.put_out", "Put somebody out who does not belong any longer"),
    ("member.reactivated", "Let a member in again"),
    ("member.removed", "Removed a member"),
    ("member.role_changed", "Changed a member's role"),
    ("organization.created", "Made the organisation"),
    ("organization.factor_changed", "Changed whether a second factor is required"),
    ("organization.newcomers_set", "Changed what newcomers become"),
    ("organization.renamed", "Renamed the organisation"),
    ("provider.credentials_removed", "Took GitHub's credentials away"),
    ("provider.credentials_set", "Gave GitHub's credentials"),
    ("repository.access_changed", "Changed who may see a repository"),
    ("repository.added", "Added a repository"),
    ("repository.changed", "Changed a repository"),
    ("repository.deleted", "Deleted a repository that was disconnected a day ago"),
    ("repository.removed", "Disconnected a repository"),
    ("repository.restored", "Took back that a repository was disconnected"),
    ("scan.cancelled", "Cancelled a scan"),
    ("scan.requested", "Asked for a scan"),
    ("session.ended", "Ended a session"),
    ("session.ended_by_provider", "Ended the sessions of somebody who does not belong any longer"),
    ("session.others_ended", "Ended all other sessions"),
    ("session.signed_out", "Signed out"),
    ("session.stolen", "Showed an old secret of a session, which was ended"),
    ("setup_link.issued", "Made a setup link"),
    ("setup_link.refused", "Was refused with a setup link"),
    ("setup_link.used", "Became an owner by a setup link"),
    ("sign_in.refused", "Was not let in"),
    ("signing_key.rotated", "Had another key sign sessions"),
    ("sync.cancelled", "Cancelled the reading of a repository from GitHub"),
    ("sync.requested", "Had a repository read from GitHub"),
    ("sync.resumed", "Had the reading of a repository from GitHub go on"),
    ("team.changed", "Changed a team"),
    ("team.created", "Made a team"),
    ("team.deleted", "Deleted a team"),
    ("team.member_put", "Put somebody into a team"),
    ("team.member_taken", "Took somebody out of a team"),
    ("token.created", "Made an API token"),
    ("token.revoked", "Revoked an API token"),
    ("token.used", "Used an API token"),
];

/// The kinds of objects.
pub(super) const KINDS: [(&str, &str); 15] = [
    ("account", "account"),
    ("audit", "audit log"),
    ("connection", "connection"),
    ("delivery", "delivery"),
    ("hook", "hook"),
    ("invitation", "invitation"),
    ("key", "key"),
    ("member", "member"),
    ("organization", "organisation"),
    ("repository", "repository"),
    ("session", "session"),
    ("setup_link", "setup link"),
    ("signing_key", "signing key"),
    ("team", "team"),
    ("token", "API token"),
];

/// Who acts, where it is nobody with an id.
pub(super) const ACTORS: [(&str, &str); 3] =
    [("command", "command line"), ("job", "the server's jobs"), ("unknown", "somebody unknown")];

/// What was done; an action of a newer program stays as it is.
pub fn in_words(action: &str) -> &str {
    find(&ACTIONS, action)
}

pub(super) fn kind_in_words(kind: &str) -> &str {
    find(&KINDS, kind)
}

fn find<'a>(words: &[(&'static str, &'static str)], name: &'a str) -> &'a str {
    words.iter().find(|(known, _)| *known == name).map_or(name, |(_, words)| words)
}
