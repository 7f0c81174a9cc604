-- Signing in by somebody else's word: GitHub's.

ALTER TABLE accounts
    -- GitHub gives 39 characters, Enterprise Servers more.
    DROP CONSTRAINT accounts_login_check,
    ADD CONSTRAINT accounts_login_check CHECK (length(login) BETWEEN 1 AND 100),
    ADD COLUMN avatar_url text;

ALTER TABLE organizations
    -- The GitHub organisations whose members are let in, beside those of the configuration.
    ADD COLUMN github_organizations text[] NOT NULL DEFAULT '{}',
    -- What they become.
    ADD COLUMN default_role text NOT NULL DEFAULT 'member' CHECK (default_role IN ('viewer', 'member', 'manager', 'admin'));

ALTER TABLE memberships
    ADD COLUMN avatar_url text,
    -- Who vouches: GitHub's organisation for as long as it does, an owner, a setup link, or the command line.
    ADD COLUMN source text NOT NULL DEFAULT 'owner' CHECK (source IN ('owner', 'github', 'setup', 'command')),
    -- By GitHub: such a person comes back by themselves once the organisation has them again.
    ADD COLUMN deactivated_by_github boolean NOT NULL DEFAULT false;

-- Who somebody is to a provider. The subject never changes there; logins and addresses do.
CREATE TABLE identities (
    provider   text NOT NULL CHECK (length(provider) BETWEEN 1 AND 50),
    subject    text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    login      text NOT NULL,
    -- The person's own token at the provider, sealed, where asking about them needs it.
    token      text,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL,
    -- When it was last asked whether they still belong.
    checked_at timestamptz NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_account ON identities (account_id);
SELECT app_protect('identities', 'system');

-- A way to a provider and back: good once, in the browser that began it.
CREATE TABLE sign_in_attempts (
    state_hash   bytea PRIMARY KEY,
    browser_hash bytea NOT NULL,
    provider     text NOT NULL,
    -- The verifier of PKCE.
    sealed       text NOT NULL,
    next         text NOT NULL,
    -- Whose account gets the identity, where somebody signed in adds one.
    account_id   uuid REFERENCES accounts ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz
);
SELECT app_protect('sign_in_attempts', 'system');

-- The word of an administrator that somebody may come: by login, or by whoever opens the link.
CREATE TABLE invitations (
    tenant_id   uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id          uuid NOT NULL,
    -- GitHub's login; null where the link alone decides.
    login       text CHECK (length(login) BETWEEN 1 AND 100),
    email       text CHECK (length(email) BETWEEN 3 AND 254),
    role        text NOT NULL CHECK (role IN ('viewer', 'member', 'manager', 'admin', 'owner')),
    secret_hash bytea NOT NULL,
    invited_by  text NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    accepted_by uuid,
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
-- Not unique: a unique key without tenant_id would tell of other organisations' rows.
CREATE INDEX invitations_secret ON invitations (secret_hash);
CREATE INDEX invitations_login ON invitations (lower(login)) WHERE accepted_at IS NULL AND revoked_at IS NULL;
SELECT app_protect('invitations', 'shared');
