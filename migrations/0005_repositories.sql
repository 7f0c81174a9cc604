CREATE TABLE repositories (
    tenant_id       uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id              uuid NOT NULL,
    name            text NOT NULL CHECK (name ~ '^[A-Za-z0-9._-]{1,100}$'),
    source_kind     text NOT NULL CHECK (source_kind IN ('url', 'path')),
    source          text NOT NULL,
    -- Equal for two ways of writing the same place.
    source_key      text NOT NULL,
    -- Added at the command line, which may name any path of the machine.
    any_path        boolean NOT NULL,
    default_branch  text,
    head            bytea,
    -- False where a commit was missing or too many: the next scan reads the history again from its head.
    history_complete boolean NOT NULL DEFAULT true,
    scanned_at      timestamptz,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    UNIQUE (tenant_id, source_key)
);
SELECT app_protect('repositories', 'tenant');

CREATE TABLE scans (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    repository_id uuid NOT NULL,
    state         text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
    reason        text NOT NULL CHECK (reason IN ('added', 'requested', 'command')),
    phase         text NOT NULL CHECK (phase IN ('waiting', 'fetching', 'history', 'files', 'saving', 'finished')),
    -- Counts the runs; a run that was overtaken by a later one may write nothing more.
    attempt       integer NOT NULL DEFAULT 0,
    done          bigint NOT NULL DEFAULT 0,
    total         bigint,
    queued_at     timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz,
    branch        text,
    head          bytea,
    error         text,
    files         bigint,
    projects      bigint,
    tasks         bigint,
    todos         bigint,
    commits       bigint,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX scans_repository ON scans (tenant_id, repository_id, id DESC);
SELECT app_protect('scans', 'tenant');

CREATE TABLE scan_warnings (
    tenant_id uuid NOT NULL,
    scan_id   uuid NOT NULL,
    ordinal   integer NOT NULL,
    code      text NOT NULL,
    path      text,
    message   text NOT NULL,
    PRIMARY KEY (tenant_id, scan_id, ordinal),
    FOREIGN KEY (tenant_id, scan_id) REFERENCES scans ON DELETE CASCADE
);
SELECT app_protect('scan_warnings', 'tenant');

-- What one blob says when read in one way; computed once and kept across scans.
CREATE TABLE blob_facts (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    blob          bytea NOT NULL,
    reading       text NOT NULL,
    facts         jsonb NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, blob, reading),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('blob_facts', 'tenant');

CREATE TABLE languages (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    name          text NOT NULL,
    files         bigint NOT NULL,
    code          bigint NOT NULL,
    comments      bigint NOT NULL,
    blanks        bigint NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, name),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('languages', 'tenant');
