-- What a project is besides its name: read whole for its page, never for a list.
ALTER TABLE projects
    ADD COLUMN details         jsonb NOT NULL DEFAULT '{}',
    -- Of its own files: those that belong to no project inside it.
    ADD COLUMN files           bigint NOT NULL DEFAULT 0,
    ADD COLUMN bytes           bigint NOT NULL DEFAULT 0,
    -- The latest commit that changed one of its own files.
    ADD COLUMN last_commit     bytea,
    ADD COLUMN last_author     text,
    ADD COLUMN last_changed_at timestamptz;

-- The same of a repository: its size, what is in Git LFS, who owns it.
ALTER TABLE repositories ADD COLUMN details jsonb NOT NULL DEFAULT '{}';

-- The project of the same repository that a dependency means.
ALTER TABLE dependencies ADD COLUMN internal_id uuid;
ALTER TABLE dependencies ADD FOREIGN KEY (tenant_id, internal_id) REFERENCES projects (tenant_id, id) ON DELETE SET NULL (internal_id);
CREATE INDEX dependencies_internal ON dependencies (tenant_id, internal_id);

-- Who changed a project's own files, counted from the commits.
CREATE TABLE project_contributors (
    tenant_id  uuid NOT NULL,
    project_id uuid NOT NULL,
    -- In lower case; the name where there is no address.
    email      text NOT NULL,
    -- As the latest commit writes it.
    name       text NOT NULL,
    commits    bigint NOT NULL,
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, project_id, email),
    FOREIGN KEY (tenant_id, project_id) REFERENCES projects ON DELETE CASCADE
);
SELECT app_protect('project_contributors', 'tenant');

CREATE TABLE submodules (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    path          text NOT NULL,
    -- As .gitmodules writes it.
    url           text,
    -- The same as an address that can be connected.
    address       text,
    -- Equal to that of the repository it means, whether or not that is connected yet.
    source_key    text,
    branch        text,
    pinned        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, path),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX submodules_source ON submodules (tenant_id, source_key);
SELECT app_protect('submodules', 'tenant');
