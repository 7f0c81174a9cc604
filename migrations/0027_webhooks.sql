-- What GitHub tells: the hooks by which it does, and the inbox in which each delivery is kept until it has
-- had its effect.

-- As GitHub knows a repository; null until it is known.
ALTER TABLE repositories
    -- Of GitHub's pages: `github.com`, or an Enterprise Server's host with its port.
    ADD COLUMN github_host text CHECK (length(github_host) BETWEEN 1 AND 255),
    -- It never changes, as names do.
    ADD COLUMN github_id   bigint,
    ADD COLUMN full_name   text CHECK (length(full_name) BETWEEN 3 AND 300),
    ADD COLUMN visibility  text CHECK (visibility IN ('public', 'private', 'internal')),
    ADD COLUMN archived    boolean NOT NULL DEFAULT false,
    -- When GitHub changed it last.
    ADD COLUMN github_updated_at timestamptz,
    -- When GitHub said that it is there no longer.
    ADD COLUMN deleted_at  timestamptz,
    ADD CHECK (num_nulls(github_host, github_id, full_name) IN (0, 3)),
    ADD UNIQUE (tenant_id, github_host, github_id);

ALTER TABLE scans
    DROP CONSTRAINT scans_reason_check,
    ADD CONSTRAINT scans_reason_check CHECK (reason IN ('added', 'requested', 'command', 'push'));

CREATE TABLE hooks (
    tenant_id          uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id                 uuid NOT NULL,
    name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    -- Sealed; gone with the revocation. The one before counts as well until its time is over.
    secret             text,
    previous_secret    text,
    previous_until     timestamptz,
    created_by         text NOT NULL,
    created_at         timestamptz NOT NULL,
    -- When GitHub last showed that it has the secret; five minutes old at most.
    heard_at           timestamptz,
    -- When it last answered to being made: GitHub pings each new hook.
    pinged_at          timestamptz,
    revoked_at         timestamptz,
    PRIMARY KEY (tenant_id, id),
    CHECK (secret IS NULL OR revoked_at IS NULL),
    CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
);
-- Not unique: a unique key without tenant_id would tell of other organisations' rows.
CREATE INDEX hooks_id ON hooks (id);
SELECT app_protect('hooks', 'shared');

CREATE TABLE deliveries (
    tenant_id    uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    -- In the order of arrival.
    id           uuid NOT NULL,
    hook_id      uuid NOT NULL,
    -- GitHub's own name of it, the same when it is sent again.
    guid         text NOT NULL CHECK (length(guid) BETWEEN 1 AND 100),
    event        text NOT NULL CHECK (length(event) BETWEEN 1 AND 100),
    action       text,
    -- GitHub's number of the repository, 0 where there is none: of a lane, one worker takes at a time.
    lane         bigint NOT NULL,
    -- The signed bytes, or of a form what its `payload` holds.
    payload      bytea NOT NULL,
    state        text NOT NULL DEFAULT 'received' CHECK (state IN ('received', 'done', 'failed', 'dead')),
    received_at  timestamptz NOT NULL,
    -- Failures that are written down; one that ended the server is in `starts` alone.
    attempts     integer NOT NULL DEFAULT 0,
    starts       integer NOT NULL DEFAULT 0,
    run_at       timestamptz NOT NULL,
    claim        uuid,
    locked_until timestamptz,
    finished_at  timestamptz,
    -- What became of it, where that is not plain: the repository is not connected, say.
    remark       text,
    -- Why it failed last, and where in the payload.
    error        text,
    error_path   text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, hook_id, guid)
);
-- Two policies let rows through, either of which may be the reason: no index that begins with the tenant
-- serves both.
CREATE INDEX deliveries_id ON deliveries (id);
CREATE INDEX deliveries_ready ON deliveries (run_at, id) WHERE state IN ('received', 'failed');
CREATE INDEX deliveries_lane ON deliveries (tenant_id, lane, id) WHERE state IN ('received', 'failed');
CREATE INDEX deliveries_locked ON deliveries (tenant_id, lane) WHERE locked_until IS NOT NULL;
CREATE INDEX deliveries_claim ON deliveries (tenant_id, claim) WHERE claim IS NOT NULL;
CREATE INDEX deliveries_state ON deliveries (state, id);
CREATE INDEX deliveries_event ON deliveries (tenant_id, event);
CREATE INDEX deliveries_finished ON deliveries (finished_at) WHERE state IN ('done', 'dead');
-- A payload is compressed for its size; LZ4 costs the sender's wait a tenth of what pglz does.
DO $$
BEGIN
    ALTER TABLE deliveries ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    NULL;
END
$$;
SELECT app_protect('deliveries', 'shared');
