-- How far a repository is read from GitHub, a row for each of the things that it has many of.
CREATE TABLE imports (
    tenant_id        uuid NOT NULL,
    repository_id    uuid NOT NULL,
    resource         text NOT NULL CHECK (resource IN ('labels', 'milestones', 'branches', 'issues', 'pull_requests',
                                                       'comments', 'review_comments', 'reviews', 'releases',
                                                       'deployments', 'deployment_statuses', 'workflow_runs')),
    -- The reading that the row is of: jobs of an earlier one find another here and end.
    pass             uuid NOT NULL,
    -- Asked for, or the daily one.
    reason           text NOT NULL CHECK (reason IN ('import', 'sweep')),
    state            text NOT NULL CHECK (state IN ('waiting', 'running', 'quota', 'done', 'failed', 'cancelled')),
    -- Where the next page is; null before the first.
    cursor           text,
    items            bigint NOT NULL DEFAULT 0,
    -- Where GitHub says how many there are.
    total            bigint,
    requested_at     timestamptz NOT NULL,
    begun_at         timestamptz,
    -- When the last page was written.
    advanced_at      timestamptz,
    finished_at      timestamptz,
    -- While GitHub wants to be left alone.
    resume_at        timestamptz,
    -- What GitHub had then is here, by the last reading that came to its end.
    complete_through timestamptz,
    -- What became of it, where that is not plain: issues are switched off, say.
    remark           text,
    error            text,
    PRIMARY KEY (tenant_id, repository_id, resource),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('imports', 'tenant');
SELECT app_hide('imports', 'repository_id');

-- When a repository is compared with GitHub next, and how far that has come.
CREATE TABLE syncs (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    due_at        timestamptz NOT NULL,
    -- When all that is open, branches and the newest of the rest are compared next.
    hourly_due_at timestamptz NOT NULL,
    -- When everything is read once more.
    sweep_due_at  timestamptz NOT NULL,
    -- What GitHub had changed until then is here.
    through       timestamptz,
    error         text,
    PRIMARY KEY (tenant_id, repository_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX syncs_due ON syncs (tenant_id, due_at);
SELECT app_protect('syncs', 'tenant');
SELECT app_hide('syncs', 'repository_id');
