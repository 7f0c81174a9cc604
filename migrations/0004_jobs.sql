CREATE TABLE jobs (
    tenant_id    uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id           uuid NOT NULL,
    kind         text NOT NULL,
    payload      jsonb NOT NULL,
    lane         text NOT NULL,
    state        text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'dead')),
    run_at       timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    locked_until timestamptz,
    worker       uuid,
    last_error   text,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX jobs_ready ON jobs (run_at, id) WHERE state = 'queued';
-- One job of a lane runs at a time, whatever number of workers and servers there are.
CREATE UNIQUE INDEX jobs_lane ON jobs (tenant_id, lane) WHERE state = 'running';
SELECT app_protect('jobs', 'queue');

-- What changed, for open pages: short-lived, read by streams from the last id they saw.
CREATE TABLE changes (
    tenant_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id        bigint GENERATED ALWAYS AS IDENTITY,
    topic     text NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX changes_at ON changes (at);
SELECT app_protect('changes', 'queue');
