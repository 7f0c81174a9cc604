//! The words in which a test says who is there and who may what.

use crate::{
    World, app_jwt,
    state::{
        App, AppKind, Email, Installation, Member, Organization, Person, Role, Standing, State,
        Team,
    },
};

/// What an OAuth App's page of settings shows.
#[derive(Clone, Debug)]
pub struct AppCredentials {
    pub client_id: String,
    pub client_secret: String,
}

/// What a GitHub App's page of settings shows.
#[derive(Clone, Debug)]
pub struct GitHubApp {
    pub app_id: u64,
    pub client_id: String,
    pub client_secret: String,
    /// PEM of PKCS#1, as GitHub hands it out.
    pub private_key: &'static str,
}

/// A person of the world.
#[derive(Clone, Copy)]
pub struct UserHandle<'world> {
    world: &'world World,
    id: u64,
}

/// An organisation of the world.
#[derive(Clone, Copy)]
pub struct OrganizationHandle<'world> {
    world: &'world World,
    id: u64,
}

impl World {
    /// The person of that login, who comes into being with a verified address, `LOGIN@example.com`.
    pub fn user(&self, login: &str) -> UserHandle<'_> {
        let mut state = self.shared.state();
        let known = state.person(login).map(|person| person.id);
        let id = known.unwrap_or_else(|| {
            let id = state.next_id();
            let email = Email {
                address: format!("{login}@example.com"),
                primary: true,
                verified: true,
                public: false,
            };
            state.people.push(Person {
                id,
                login: login.to_owned(),
                name: None,
                emails: vec![email],
                suspended: false,
            });
            id
        });
        UserHandle { world: self, id }
    }

    /// The organisation of that login, which comes into being without members.
    pub fn organization(&self, login: &str) -> OrganizationHandle<'_> {
        let id = self.shared.state().organization_mut(login).id;
        OrganizationHandle { world: self, id }
    }

    pub fn oauth_app(&self, name: &str, callback: &str) -> AppCredentials {
        self.register(AppKind::OAuth, name, callback)
    }

    pub fn github_app(&self, name: &str, callback: &str) -> GitHubApp {
        let app_id = self.shared.state().next_id();
        let AppCredentials { client_id, client_secret } =
            self.register(AppKind::GitHub(app_id), name, callback);
        GitHubApp { app_id, client_id, client_secret, private_key: app_jwt::PRIVATE_KEY }
    }

    fn register(&self, kind: AppKind, name: &str, callback: &str) -> AppCredentials {
        self.shared.state().register(kind, name, callback)
    }

    /// The App's owner makes another client secret, and deletes the one before.
    pub fn change_secret(&self, client_id: &str) {
        let mut state = self.shared.state();
        let secret = state.secret("");
        let app = state.apps.iter_mut().find(|app| app.client_id == client_id);
        app.expect("the App is known").client_secret = secret;
    }

    /// GitHub suspends the App: nobody signs in by it any more.
    pub fn suspend_app(&self, client_id: &str) {
        let mut state = self.shared.state();
        let app = state.apps.iter_mut().find(|app| app.client_id == client_id);
        app.expect("the App is known").suspended = true;
    }

    /// An owner installs the App; the answer is the id of the installation.
    pub fn install(&self, app_id: u64, organization: &str, permissions: &[(&str, &str)]) -> u64 {
        let mut state = self.shared.state();
        let id = state.next_id();
        let permissions = permissions
            .iter()
            .map(|(name, level)| ((*name).to_owned(), (*level).to_owned()))
            .collect();
        state.installations.push(Installation {
            id,
            app_id,
            organization: organization.to_owned(),
            permissions,
            suspended: false,
            repositories: None,
        });
        state.tell_of_installation(id, "created");
        id
    }

    pub fn suspend_installation(&self, id: u64) {
        let mut state = self.shared.state();
        let installation = state.installations.iter_mut().find(|one| one.id == id);
        installation.expect("the installation is known").suspended = true;
        state.tell_of_installation(id, "suspend");
    }

    pub fn unsuspend_installation(&self, id: u64) {
        let mut state = self.shared.state();
        let installation = state.installations.iter_mut().find(|one| one.id == id);
        installation.expect("the installation is known").suspended = false;
        state.tell_of_installation(id, "unsuspend");
    }

    pub fn uninstall(&self, id: u64) {
        let mut state = self.shared.state();
        state.tell_of_installation(id, "deleted");
        state.installations.retain(|one| one.id != id);
    }

    /// A token of the person for the App, as if signed in with these scopes.
    pub fn token(&self, login: &str, client_id: &str, scopes: &[&str]) -> String {
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        self.shared.state().issue(client_id, login, &scopes).value
    }

    /// Ends one token, as the App's owner or GitHub's secret scanning does.
    pub fn revoke_token(&self, value: &str) {
        let mut state = self.shared.state();
        let token = state.tokens.iter_mut().find(|token| token.value == value);
        token.expect("the token is known").revoked = true;
    }
}

impl UserHandle<'_> {
    fn change(self, how: impl FnOnce(&mut Person)) -> Self {
        let mut state = self.world.shared.state();
        let person = state.people.iter_mut().find(|person| person.id == self.id);
        how(person.expect("people stay"));
        drop(state);
        self
    }

    pub fn id(self) -> u64 {
        self.id
    }

    pub fn name(self, name: &str) -> Self {
        self.change(|person| person.name = Some(name.to_owned()))
    }

    /// The login changes; id and memberships stay.
    pub fn rename(self, login: &str) {
        let mut state = self.world.shared.state();
        let old = state
            .people
            .iter()
            .find(|person| person.id == self.id)
            .expect("people stay")
            .login
            .clone();
        for member in
            state.organizations.iter_mut().flat_map(|organization| &mut organization.members)
        {
            if member.login == old {
                login.clone_into(&mut member.login);
            }
        }
        drop(state);
        self.change(|person| login.clone_into(&mut person.login));
    }

    /// The addresses in place of the one that was there: `(address, verified)`, the primary one first.
    pub fn emails(self, emails: &[(&str, bool)]) -> Self {
        let emails = emails.iter().enumerate().map(|(position, (address, verified))| Email {
            address: (*address).to_owned(),
            primary: position == 0,
            verified: *verified,
            public: false,
        });
        self.change(|person| person.emails = emails.collect())
    }

    /// Shows the primary address on the profile.
    pub fn public_email(self) -> Self {
        self.change(|person| {
            person.emails.iter_mut().for_each(|email| email.public = email.primary);
        })
    }

    /// GitHub suspends the account.
    pub fn suspend(self) {
        self.change(|person| person.suspended = true);
    }

    /// The person takes back what it has allowed the App: all its tokens end.
    pub fn revoke_app(self, client_id: &str) {
        let mut state = self.world.shared.state();
        let login = state
            .people
            .iter()
            .find(|person| person.id == self.id)
            .expect("people stay")
            .login
            .clone();
        state.end_grant(&login, client_id);
        state.tell_of_revocation(&login, client_id);
    }
}

impl OrganizationHandle<'_> {
    fn change(self, how: impl FnOnce(&mut State, usize)) -> Self {
        let mut state = self.world.shared.state();
        let position =
            state.organizations.iter().position(|organization| organization.id == self.id);
        how(&mut state, position.expect("organisations stay"));
        drop(state);
        self
    }

    /// For what is told: the state and the organisation's login.
    pub(crate) fn with_name(self, how: impl FnOnce(&mut State, String)) {
        self.change(|state, position| {
            let name = state.organizations[position].login.clone();
            how(state, name);
        });
    }

    fn with(self, how: impl FnOnce(&mut Organization)) -> Self {
        self.change(|state, position| how(&mut state.organizations[position]))
    }

    pub fn id(self) -> u64 {
        self.id
    }

    /// A member whom everybody sees in the list.
    pub fn public_member(self, login: &str, role: Role) -> Self {
        self.join(login, role, (Standing::Active, true))
    }

    /// A member whom only members see.
    pub fn private_member(self, login: &str, role: Role) -> Self {
        self.join(login, role, (Standing::Active, false))
    }

    /// Invited, and has not said yes.
    pub fn invited(self, login: &str, role: Role) -> Self {
        self.join(login, role, (Standing::Pending, false))
    }

    fn join(self, login: &str, role: Role, (standing, public): (Standing, bool)) -> Self {
        self.world.user(login);
        self.with(|organization| {
            organization.members.retain(|member| member.login != login);
            organization.members.push(Member { login: login.to_owned(), standing, role, public });
        })
    }

    /// Takes a member or an invitation out.
    pub fn remove(self, login: &str) {
        self.with(|organization| {
            organization.members.retain(|member| member.login != login);
            for team in &mut organization.teams {
                team.members.retain(|member| member != login);
            }
        });
    }

    /// Switches the restriction of third-party OAuth Apps on or off.
    pub fn restrict_third_parties(self, on: bool) {
        self.with(|organization| organization.restricts_third_parties = on);
    }

    /// An owner approves an OAuth App.
    pub fn approve(self, client_id: &str) {
        self.with(|organization| {
            organization.approved.insert(client_id.to_owned());
        });
    }

    /// Switches SAML single sign-on on for all members, or off.
    pub fn enforce_sso(self, on: bool) {
        self.with(|organization| organization.enforces_sso = on);
    }

    /// The person has signed in at the identity provider, and let its tokens through.
    pub fn sso_session(self, login: &str) {
        self.with(|organization| {
            organization.sso_sessions.insert(login.to_owned());
        });
    }

    /// A team and who is in it.
    pub fn team(self, name: &str, members: &[&str]) -> Self {
        self.change(|state, position| {
            let id = state.next_id();
            state.organizations[position].teams.push(Team {
                id,
                name: name.to_owned(),
                slug: name.to_lowercase().replace(' ', "-"),
                members: members.iter().map(|login| (*login).to_owned()).collect(),
            });
        })
    }
}

impl State {
    /// A new App with an id and a secret.
    pub(crate) fn register(&mut self, kind: AppKind, name: &str, callback: &str) -> AppCredentials {
        let random = self.secret("");
        let client_id = match kind {
            AppKind::OAuth => format!("Ov23li{}", &random[..14]),
            AppKind::GitHub(_) => format!("Iv23li{}", &random[..14]),
        };
        let client_secret = self.secret("");
        let app = App {
            kind,
            name: name.to_owned(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            callback: callback.to_owned(),
            suspended: false,
            hook: None,
        };
        self.apps.push(app);
        AppCredentials { client_id, client_secret }
    }
}
