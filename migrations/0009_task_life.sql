-- A task is known again by what history says of it; its row is found by its id alone.
ALTER TABLE tasks
    DROP COLUMN fingerprint,
    -- Whether its line is in the default branch; a box that was ticked stays done when it goes.
    ADD present       boolean NOT NULL DEFAULT true,
    -- The commit that brought it; null where it is older than what is known of the history.
    ADD opened_commit bytea,
    ADD opened_name   text,
    ADD opened_email  text,
    ADD opened_at     timestamptz,
    -- The commit that ticked it, or took it away while it was open.
    ADD closed_commit bytea,
    ADD closed_name   text,
    ADD closed_email  text,
    ADD closed_at     timestamptz,
    ADD CHECK (num_nulls(opened_commit, opened_name, opened_email, opened_at) IN (0, 4)),
    ADD CHECK (num_nulls(closed_commit, closed_name, closed_email, closed_at) IN (0, 4));
-- Not an UPDATE, which under the policies would find no row.
ALTER TABLE tasks ALTER present TYPE boolean USING state <> 'removed';

CREATE TABLE task_events (
    tenant_id uuid NOT NULL,
    task_id   uuid NOT NULL,
    ordinal   integer NOT NULL,
    kind      text NOT NULL CHECK (kind IN ('created', 'moved', 'reworded', 'done', 'reopened', 'removed', 'returned')),
    commit    bytea NOT NULL,
    name      text NOT NULL,
    email     text NOT NULL,
    at        timestamptz NOT NULL,
    -- The file, heading or words before and after, where these changed.
    was       text,
    becomes   text,
    PRIMARY KEY (tenant_id, task_id, ordinal),
    FOREIGN KEY (tenant_id, task_id) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);
SELECT app_protect('task_events', 'tenant');

-- What the life of its tasks was computed by; another version makes the next scan compute it anew.
ALTER TABLE repositories ADD life_version integer NOT NULL DEFAULT 0;
