-- Sessions renew their secret as they go, and the keys that sign what they show for it.

ALTER TABLE sessions RENAME COLUMN token_hash TO refresh_hash;
ALTER TABLE sessions
    ADD COLUMN rotated_at timestamptz,
    -- The secret that replaced the last one, sealed: for a second tab that still had that one.
    ADD COLUMN successor  text;

-- The secrets that a session had before; whoever shows one of them later has stolen it, or was stolen from.
CREATE TABLE spent_secrets (
    hash       bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    spent_at   timestamptz NOT NULL
);
CREATE INDEX spent_secrets_session ON spent_secrets (session_id);
SELECT app_protect('spent_secrets', 'system');

CREATE TABLE signing_keys (
    id         text PRIMARY KEY,
    public_key bytea NOT NULL,
    -- The Ed25519 seed.
    sealed     text NOT NULL,
    created_at timestamptz NOT NULL,
    -- Since when another one signs; what this one has signed is good for a while longer.
    retired_at timestamptz
);
SELECT app_protect('signing_keys', 'system');
