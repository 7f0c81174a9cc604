-- An organisation is a tenant: its id is every other table's tenant_id.
CREATE TABLE organizations (
    tenant_id  uuid PRIMARY KEY,
    slug       text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,37}[a-z0-9])?$'),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);
SELECT app_protect('organizations', 'shared');

CREATE TABLE accounts (
    id         uuid PRIMARY KEY,
    login      text NOT NULL CHECK (length(login) BETWEEN 1 AND 39),
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX accounts_login ON accounts (lower(login));
SELECT app_protect('accounts', 'system');

-- Login and name are copied from the account, so that member pages need no rights on accounts.
CREATE TABLE memberships (
    tenant_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    account_id uuid NOT NULL REFERENCES accounts ON DELETE CASCADE,
    role       text NOT NULL CHECK (role IN ('viewer', 'member', 'manager', 'admin', 'owner')),
    login      text NOT NULL,
    name       text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id)
);
CREATE INDEX memberships_account ON memberships (account_id);
SELECT app_protect('memberships', 'shared');

CREATE TABLE audit_log (
    tenant_id    uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id           uuid NOT NULL,
    at           timestamptz NOT NULL,
    actor_kind   text NOT NULL CHECK (actor_kind IN ('account', 'token', 'command', 'job')),
    actor_id     uuid,
    actor_name   text NOT NULL,
    action       text NOT NULL,
    subject_kind text NOT NULL,
    subject_id   text NOT NULL,
    detail       jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, id)
);
SELECT app_protect('audit_log', 'log');
