-- Scans can be cancelled, and say what changed since the one before.
ALTER TABLE scans
    DROP CONSTRAINT scans_state_check,
    ADD CONSTRAINT scans_state_check CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    -- {"tasks": {"opened": 2}, …}: in full, however few of them scan_changes has. Null without a scan before.
    ADD COLUMN changes jsonb;
CREATE INDEX scans_queued ON scans (tenant_id, id) WHERE state = 'queued';

CREATE TABLE scan_changes (
    tenant_id uuid NOT NULL,
    scan_id   uuid NOT NULL,
    ordinal   integer NOT NULL,
    area      text NOT NULL CHECK (area IN ('projects', 'tasks', 'dependencies', 'languages')),
    kind      text NOT NULL CHECK (kind IN ('added', 'removed', 'changed', 'opened', 'closed', 'reopened', 'gone')),
    subject   text NOT NULL,
    -- The project's path, or the task's file; empty for languages.
    place     text NOT NULL,
    before    text,
    after     text,
    PRIMARY KEY (tenant_id, scan_id, ordinal),
    FOREIGN KEY (tenant_id, scan_id) REFERENCES scans ON DELETE CASCADE
);
SELECT app_protect('scan_changes', 'tenant');

-- A repository of the command line is read where it lay when it was added, and nowhere else.
ALTER TABLE repositories
    -- The directories that reading it touches; empty where `scanner.allow_local_paths` decides.
    ADD COLUMN trusted_roots text[] NOT NULL DEFAULT '{}',
    -- Null where nothing is kept.
    ADD COLUMN mirror_bytes bigint;
-- Without this, the owner too would see the rows of no organisation.
ALTER TABLE repositories NO FORCE ROW LEVEL SECURITY;
UPDATE repositories SET trusted_roots = ARRAY[source] WHERE any_path AND source_kind = 'path';
ALTER TABLE repositories FORCE ROW LEVEL SECURITY;
ALTER TABLE repositories DROP COLUMN any_path;

-- Whose job was taken when, as a count: whoever has waited longest is next, however much others have queued.
CREATE TABLE job_turns (
    tenant_id uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
    turn      bigint NOT NULL
);
SELECT app_protect('job_turns', 'system');
