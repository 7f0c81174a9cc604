-- Signing in by issuers of OpenID Connect, and credentials of GitHub that an owner has pasted.

ALTER TABLE identities
    DROP CONSTRAINT identities_provider_check,
    -- `github`, or the address of an issuer: a subject means nothing without it.
    ADD CONSTRAINT identities_provider_check CHECK (length(provider) BETWEEN 1 AND 255),
    -- What the next token is got by, sealed: a GitHub App's tokens end after eight hours.
    ADD COLUMN refresh_token    text,
    ADD COLUMN token_expires_at timestamptz;

ALTER TABLE memberships
    DROP CONSTRAINT memberships_source_check,
    ADD CONSTRAINT memberships_source_check CHECK (source IN ('owner', 'github', 'oidc', 'setup', 'command')),
    -- The address of the issuer, where one vouches.
    ADD COLUMN issuer text CHECK (length(issuer) BETWEEN 1 AND 255);

-- As what this installation is known to a provider, where its configuration does not say so.
CREATE TABLE provider_credentials (
    -- `github`.
    provider            text PRIMARY KEY CHECK (length(provider) BETWEEN 1 AND 255),
    web_url             text NOT NULL CHECK (length(web_url) BETWEEN 1 AND 500),
    client_id           text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 200),
    -- The secrets are sealed; of each the last characters are kept, for telling them apart.
    client_secret       text NOT NULL,
    client_secret_hint  text NOT NULL,
    -- Of a GitHub App.
    app_id              bigint,
    app_name            text,
    private_key         text,
    private_key_hint    text,
    webhook_secret      text,
    webhook_secret_hint text,
    -- Another one with each change: every process takes the credentials up anew where it differs.
    version             uuid NOT NULL,
    set_by              text NOT NULL,
    set_at              timestamptz NOT NULL,
    CHECK ((app_id IS NULL) = (private_key IS NULL))
);
SELECT app_protect('provider_credentials', 'system');
