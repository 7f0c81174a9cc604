CREATE TABLE projects (
    tenant_id      uuid NOT NULL,
    id             uuid NOT NULL,
    repository_id  uuid NOT NULL,
    path           text NOT NULL,
    name           text NOT NULL,
    kind           text NOT NULL,
    also           text[] NOT NULL,
    version        text,
    description    text,
    licence        text,
    manifest       text,
    parent_id      uuid,
    workspace_root boolean NOT NULL,
    private        boolean NOT NULL,
    fixture        boolean NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, repository_id, path),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, parent_id) REFERENCES projects (tenant_id, id) ON DELETE SET NULL (parent_id)
);
CREATE INDEX projects_parent ON projects (tenant_id, parent_id);
SELECT app_protect('projects', 'tenant');

CREATE TABLE dependencies (
    tenant_id   uuid NOT NULL,
    project_id  uuid NOT NULL,
    name        text NOT NULL,
    scope       text NOT NULL,
    requirement text NOT NULL,
    PRIMARY KEY (tenant_id, project_id, name, scope),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects ON DELETE CASCADE
);
SELECT app_protect('dependencies', 'tenant');

CREATE TABLE project_languages (
    tenant_id  uuid NOT NULL,
    project_id uuid NOT NULL,
    name       text NOT NULL,
    files      bigint NOT NULL,
    code       bigint NOT NULL,
    comments   bigint NOT NULL,
    blanks     bigint NOT NULL,
    PRIMARY KEY (tenant_id, project_id, name),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects ON DELETE CASCADE
);
SELECT app_protect('project_languages', 'tenant');

CREATE TABLE tasks (
    tenant_id     uuid NOT NULL,
    id            uuid NOT NULL,
    repository_id uuid NOT NULL,
    project_id    uuid,
    parent_id     uuid,
    source        text NOT NULL CHECK (source IN ('tasklist', 'todo')),
    -- What makes it the same task in the next scan, unique within its repository.
    fingerprint   text NOT NULL,
    key           text,
    marker        text,
    title         text NOT NULL,
    state         text NOT NULL CHECK (state IN ('open', 'done', 'removed')),
    section       text,
    author        text,
    depth         integer NOT NULL DEFAULT 0,
    -- What its list says of it: status, priority, assignee, due, milestone, labels.
    attributes    jsonb NOT NULL DEFAULT '{}',
    path          text NOT NULL,
    line          integer NOT NULL,
    -- Lies among test fixtures: material for tests, not the team's work.
    fixture       boolean NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, repository_id, fingerprint),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE SET NULL (project_id),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES tasks (tenant_id, id) ON DELETE SET NULL (parent_id)
);
CREATE INDEX tasks_state ON tasks (tenant_id, state, id);
CREATE INDEX tasks_repository ON tasks (tenant_id, repository_id, state, id);
CREATE INDEX tasks_project ON tasks (tenant_id, project_id, state, id);
CREATE INDEX tasks_parent ON tasks (tenant_id, parent_id);
SELECT app_protect('tasks', 'tenant');

CREATE TABLE commits (
    tenant_id        uuid NOT NULL,
    repository_id    uuid NOT NULL,
    oid              bytea NOT NULL,
    parents          bytea[] NOT NULL,
    author_name      text NOT NULL,
    author_email     text NOT NULL,
    authored_at      timestamptz NOT NULL,
    -- Minutes east of Greenwich of the clock that wrote the time.
    authored_offset  smallint NOT NULL,
    committer_name   text NOT NULL,
    committer_email  text NOT NULL,
    committed_at     timestamptz NOT NULL,
    committed_offset smallint NOT NULL,
    subject          text NOT NULL,
    body             text NOT NULL,
    insertions       bigint NOT NULL,
    deletions        bigint NOT NULL,
    files_changed    bigint NOT NULL,
    -- [["path", added, deleted], …]; lines are null for binary files.
    files            jsonb NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, oid),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX commits_time ON commits (tenant_id, committed_at DESC, oid DESC);
CREATE INDEX commits_repository ON commits (tenant_id, repository_id, committed_at DESC, oid DESC);
SELECT app_protect('commits', 'tenant');
