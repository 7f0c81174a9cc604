CREATE TABLE sessions (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    token_hash   bytea NOT NULL UNIQUE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    user_agent   text NOT NULL,
    address      text NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);
SELECT app_protect('sessions', 'system');

-- A link that makes whoever opens it an owner; without an organisation, of the first one.
CREATE TABLE setup_links (
    id              uuid PRIMARY KEY,
    token_hash      bytea NOT NULL UNIQUE,
    organization_id uuid REFERENCES organizations ON DELETE CASCADE,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz
);
SELECT app_protect('setup_links', 'system');

CREATE TABLE api_tokens (
    tenant_id    uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id           uuid NOT NULL,
    name         text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    role         text NOT NULL CHECK (role IN ('viewer', 'member', 'manager', 'admin', 'owner')),
    token_hash   bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz,
    PRIMARY KEY (tenant_id, id)
);
-- Not unique: a unique key without tenant_id would tell of other organisations' rows.
CREATE INDEX api_tokens_hash ON api_tokens (token_hash);
SELECT app_protect('api_tokens', 'shared');
