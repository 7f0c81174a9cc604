-- GitHub's objects, each in a table of its family. Of every object the last word that counts is kept: `updated_at`
-- is GitHub's time of it, `rank` a step that goes before that time where the family has one, and `digest` what it
-- says, by which two words of the same second are compared.

-- People on GitHub, and its bots. Not every one is a member here.
CREATE TABLE contributors (
    tenant_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id         uuid NOT NULL,
    -- Each GitHub counts its people by itself.
    host       text NOT NULL CHECK (length(host) BETWEEN 1 AND 255),
    github_id  bigint NOT NULL,
    login      text NOT NULL CHECK (length(login) BETWEEN 1 AND 255),
    node_id    text,
    name       text,
    avatar_url text CHECK (avatar_url ~ '^https?://'),
    is_bot     boolean NOT NULL,
    -- GitHub's time of what the login and picture were read from: a later word goes before an earlier one.
    told_at    timestamptz NOT NULL,
    -- Whose account has this identity.
    account_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, host, github_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES memberships (tenant_id, account_id) ON DELETE SET NULL (account_id)
);
CREATE INDEX contributors_account ON contributors (tenant_id, account_id) WHERE account_id IS NOT NULL;
SELECT app_protect('contributors', 'tenant');

-- What was deleted at GitHub: a word about it that comes late brings nothing back.
CREATE TABLE tombstones (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('issue', 'pull', 'issue_comment', 'review_comment', 'review', 'label', 'milestone',
                                                'release', 'deployment', 'deployment_status', 'workflow_run', 'check_suite')),
    github_id     bigint NOT NULL,
    -- Of an issue: what stood under it is gone, too.
    number        bigint,
    buried_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, kind, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX tombstones_number ON tombstones (tenant_id, repository_id, number) WHERE number IS NOT NULL;
SELECT app_protect('tombstones', 'tenant');

CREATE TABLE labels (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    name          text NOT NULL,
    color         text,
    description   text,
    updated_at    timestamptz,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('labels', 'tenant');

CREATE TABLE milestones (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    number        bigint NOT NULL,
    title         text NOT NULL,
    description   text,
    state         text NOT NULL CHECK (state IN ('open', 'closed')),
    url           text CHECK (url ~ '^https?://'),
    creator_id    uuid,
    due_on        timestamptz,
    created_at    timestamptz,
    closed_at     timestamptz,
    updated_at    timestamptz,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, creator_id) REFERENCES contributors
);
SELECT app_protect('milestones', 'tenant');

CREATE TABLE issues (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    number        bigint NOT NULL,
    title         text NOT NULL,
    body          text,
    state         text NOT NULL CHECK (state IN ('open', 'closed')),
    -- `completed`, `not_planned`, `duplicate`, `reopened`.
    state_reason  text,
    -- Where GitHub gives none that is a page, the usual one.
    url           text NOT NULL,
    -- Null where the account is gone.
    author_id     uuid,
    closed_by_id  uuid,
    -- GitHub's ids, for names change without a word about the issue.
    labels        bigint[] NOT NULL,
    assignees     uuid[] NOT NULL,
    milestone     bigint,
    locked        boolean NOT NULL,
    comments      bigint NOT NULL,
    created_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    updated_at    timestamptz NOT NULL,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors,
    FOREIGN KEY (tenant_id, closed_by_id) REFERENCES contributors
);
CREATE INDEX issues_number ON issues (tenant_id, repository_id, number);
-- Reconciliation compares the open ones with GitHub's.
CREATE INDEX issues_open ON issues (tenant_id, repository_id, github_id) WHERE state = 'open';
SELECT app_protect('issues', 'tenant');

CREATE TABLE pull_requests (
    tenant_id           uuid NOT NULL,
    repository_id       uuid NOT NULL,
    github_id           bigint NOT NULL,
    node_id             text,
    number              bigint NOT NULL,
    title               text NOT NULL,
    body                text,
    state               text NOT NULL CHECK (state IN ('open', 'closed')),
    draft               boolean NOT NULL,
    url                 text NOT NULL,
    author_id           uuid,
    merged_at           timestamptz,
    merged_by_id        uuid,
    -- The commit on the base branch that a merge made; before it, a trial of GitHub's that is no commit of the branch.
    merge_commit        bytea,
    head_ref            text NOT NULL,
    head                bytea NOT NULL,
    -- The fork's id; null where it is gone.
    head_repository     bigint,
    base_ref            text NOT NULL,
    base                bytea NOT NULL,
    labels              bigint[] NOT NULL,
    assignees           uuid[] NOT NULL,
    requested_reviewers uuid[] NOT NULL,
    requested_teams     bigint[] NOT NULL,
    milestone           bigint,
    locked              boolean NOT NULL,
    -- Null until GitHub has told of the pull request by itself: lists and what is said of its reviews leave these
    -- and who merged it out. They are of a time of their own.
    counted_at          timestamptz,
    comments            bigint,
    review_comments     bigint,
    commits             bigint,
    additions           bigint,
    deletions           bigint,
    changed_files       bigint,
    created_at          timestamptz NOT NULL,
    closed_at           timestamptz,
    updated_at          timestamptz NOT NULL,
    rank                bigint NOT NULL,
    digest              bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors,
    FOREIGN KEY (tenant_id, merged_by_id) REFERENCES contributors
);
CREATE INDEX pull_requests_number ON pull_requests (tenant_id, repository_id, number);
CREATE INDEX pull_requests_open ON pull_requests (tenant_id, repository_id, github_id) WHERE state = 'open';
CREATE INDEX pull_requests_merged ON pull_requests (tenant_id, repository_id, merged_at) WHERE merged_at IS NOT NULL;
SELECT app_protect('pull_requests', 'tenant');

-- The issues that a pull request says it closes, whether or not they have come yet.
CREATE TABLE pull_request_closings (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    -- Both are numbers.
    pull          bigint NOT NULL,
    issue         bigint NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, pull, issue),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX pull_request_closings_issue ON pull_request_closings (tenant_id, repository_id, issue);
SELECT app_protect('pull_request_closings', 'tenant');

-- A pull request's own commits, from before a squash.
CREATE TABLE pull_request_commits (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    -- The pull request's id.
    github_id     bigint NOT NULL,
    ordinal       integer NOT NULL,
    oid           bytea NOT NULL,
    -- Null where git's own record has none.
    authored_at   timestamptz,
    committed_at  timestamptz,
    author_id     uuid,
    author_name   text,
    subject       text NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id, ordinal),
    FOREIGN KEY (tenant_id, repository_id, github_id) REFERENCES pull_requests ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors
);
CREATE INDEX pull_request_commits_oid ON pull_request_commits (tenant_id, repository_id, oid);
SELECT app_protect('pull_request_commits', 'tenant');

CREATE TABLE reviews (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    -- The pull request's number.
    number        bigint NOT NULL,
    state         text NOT NULL,
    body          text,
    url           text CHECK (url ~ '^https?://'),
    author_id     uuid,
    commit        bytea,
    -- Null while it is pending.
    submitted_at  timestamptz,
    updated_at    timestamptz,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors
);
CREATE INDEX reviews_number ON reviews (tenant_id, repository_id, number, submitted_at);
SELECT app_protect('reviews', 'tenant');

-- Comments under issues and pull requests, and on the lines of pull requests, whose ids are counted apart.
CREATE TABLE comments (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('issue_comment', 'review_comment')),
    github_id     bigint NOT NULL,
    node_id       text,
    -- Of the issue or pull request.
    number        bigint NOT NULL,
    body          text,
    url           text CHECK (url ~ '^https?://'),
    author_id     uuid,
    -- Of a comment on lines.
    review        bigint,
    reply_to      bigint,
    path          text,
    line          bigint,
    commit        bytea,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, kind, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors
);
CREATE INDEX comments_number ON comments (tenant_id, repository_id, number, created_at);
SELECT app_protect('comments', 'tenant');

CREATE TABLE releases (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    tag           text NOT NULL,
    target        text,
    name          text,
    body          text,
    url           text CHECK (url ~ '^https?://'),
    author_id     uuid,
    draft         boolean NOT NULL,
    prerelease    boolean NOT NULL,
    created_at    timestamptz,
    -- Null while it is a draft.
    published_at  timestamptz,
    updated_at    timestamptz,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, author_id) REFERENCES contributors
);
CREATE INDEX releases_published ON releases (tenant_id, repository_id, published_at) WHERE published_at IS NOT NULL;
SELECT app_protect('releases', 'tenant');

CREATE TABLE deployments (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    oid           bytea NOT NULL,
    reference     text NOT NULL,
    environment   text NOT NULL,
    task          text,
    description   text,
    creator_id    uuid,
    -- Null where GitHub does not say; an Enterprise Server may not.
    production    boolean,
    transient     boolean,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, creator_id) REFERENCES contributors
);
CREATE INDEX deployments_created ON deployments (tenant_id, repository_id, created_at);
SELECT app_protect('deployments', 'tenant');

CREATE TABLE deployment_statuses (
    tenant_id       uuid NOT NULL,
    repository_id   uuid NOT NULL,
    github_id       bigint NOT NULL,
    node_id         text,
    -- The deployment's id; a status may come before it.
    deployment      bigint NOT NULL,
    state           text NOT NULL,
    -- Goes before the deployment's own.
    environment     text,
    environment_url text,
    log_url         text,
    description     text,
    creator_id      uuid,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    rank            bigint NOT NULL,
    digest          bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, creator_id) REFERENCES contributors
);
CREATE INDEX deployment_statuses_deployment ON deployment_statuses (tenant_id, repository_id, deployment, created_at);
SELECT app_protect('deployment_statuses', 'tenant');

CREATE TABLE workflow_runs (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    workflow      bigint NOT NULL,
    name          text,
    title         text,
    path          text,
    -- The event that it runs for.
    event         text NOT NULL,
    branch        text,
    oid           bytea NOT NULL,
    number        bigint NOT NULL,
    attempt       bigint NOT NULL,
    status        text,
    conclusion    text,
    check_suite   bigint,
    url           text CHECK (url ~ '^https?://'),
    actor_id      uuid,
    started_at    timestamptz,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    -- The attempt, and how far that one is.
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, actor_id) REFERENCES contributors
);
CREATE INDEX workflow_runs_created ON workflow_runs (tenant_id, repository_id, workflow, created_at);
SELECT app_protect('workflow_runs', 'tenant');

CREATE TABLE check_suites (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    github_id     bigint NOT NULL,
    node_id       text,
    branch        text,
    oid           bytea NOT NULL,
    status        text,
    conclusion    text,
    created_at    timestamptz,
    updated_at    timestamptz,
    rank          bigint NOT NULL,
    digest        bytea NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, github_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
CREATE INDEX check_suites_oid ON check_suites (tenant_id, repository_id, oid);
SELECT app_protect('check_suites', 'tenant');

-- Branches and tags, and where they stand. Those that are gone stay, so that a push that comes late brings none back.
CREATE TABLE refs (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('branch', 'tag')),
    name          text NOT NULL,
    -- Null where it is gone.
    head          bytea,
    -- Where it stood before the last push; null where it came with that, or where GitHub was asked.
    was           bytea,
    -- GitHub's time of the last push, or when it was asked.
    told_at       timestamptz,
    PRIMARY KEY (tenant_id, repository_id, kind, name),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('refs', 'tenant');

SELECT app_hide(name::regclass, 'repository_id')
FROM unnest(ARRAY['tombstones', 'labels', 'milestones', 'issues', 'pull_requests', 'pull_request_closings', 'pull_request_commits',
                  'reviews', 'comments', 'releases', 'deployments', 'deployment_statuses', 'workflow_runs', 'check_suites',
                  'refs']) AS name;
