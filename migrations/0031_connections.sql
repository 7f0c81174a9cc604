-- As what an organisation is known to a GitHub: by an App of its own, or by somebody's token.
CREATE TABLE connections (
    tenant_id       uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('app', 'token')),
    -- Of GitHub's pages: `https://github.com`, or an Enterprise Server's.
    web_url         text NOT NULL CHECK (length(web_url) BETWEEN 1 AND 500),
    -- Where the API is not at its usual place.
    api_url         text CHECK (length(api_url) BETWEEN 1 AND 500),
    -- As in `repositories.github_host`.
    host            text NOT NULL CHECK (length(host) BETWEEN 1 AND 255),
    -- The organisation or person at GitHub in whose name it acts; of an App, null until it is installed.
    account         text CHECK (length(account) BETWEEN 1 AND 255),
    account_id      bigint,
    -- Of an App. What is secret is sealed.
    app_id          bigint,
    app_slug        text,
    app_name        text,
    private_key     text,
    client_id       text,
    client_secret   text,
    installation_id bigint,
    -- Since when GitHub keeps the installation from working.
    suspended_at    timestamptz,
    -- Of a token, sealed, and its last characters, for telling tokens apart.
    token           text,
    token_hint      text,
    -- Another one with each change: every process takes the connection up anew where it differs.
    version         uuid NOT NULL,
    created_by      text NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (num_nulls(app_id, app_slug, app_name, private_key) IN (0, 4)),
    CHECK (num_nulls(token, token_hint) IN (0, 2)),
    CHECK (CASE kind WHEN 'app' THEN token IS NULL ELSE app_id IS NULL AND installation_id IS NULL END),
    CHECK (installation_id IS NULL OR num_nulls(account, account_id) = 0)
);
CREATE UNIQUE INDEX connections_app ON connections (tenant_id, host, app_id) WHERE app_id IS NOT NULL;
SELECT app_protect('connections', 'shared');

-- By which GitHub is asked about the repository; null where none was made for it.
ALTER TABLE repositories
    ADD COLUMN connection_id uuid,
    ADD FOREIGN KEY (tenant_id, connection_id) REFERENCES connections ON DELETE SET NULL (connection_id);
CREATE INDEX repositories_connection ON repositories (tenant_id, connection_id) WHERE connection_id IS NOT NULL;
