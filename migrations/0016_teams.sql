-- Teams, and who may see or change which repository.

ALTER TABLE memberships
    -- Kept with all that they did, and let in nowhere.
    ADD COLUMN deactivated_at timestamptz;

ALTER TABLE organizations
    -- Whether members without a second factor are let in only to set one up.
    ADD COLUMN requires_factor boolean NOT NULL DEFAULT false;

ALTER TABLE accounts
    -- Since when the person signs in with a second factor.
    ADD COLUMN factor_since timestamptz;

ALTER TABLE sessions
    -- When the second factor was given last.
    ADD COLUMN confirmed_at timestamptz;

ALTER TABLE api_tokens
    -- Whose it is: it may never do or see more than its person. Null for those of the command line.
    ADD COLUMN account_id uuid,
    ADD FOREIGN KEY (tenant_id, account_id) REFERENCES memberships ON DELETE CASCADE;
CREATE INDEX api_tokens_account ON api_tokens (tenant_id, account_id) WHERE account_id IS NOT NULL;

CREATE TABLE teams (
    tenant_id   uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id          uuid NOT NULL,
    slug        text NOT NULL CHECK (length(slug) BETWEEN 1 AND 100),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    description text NOT NULL DEFAULT '' CHECK (length(description) <= 500),
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);
SELECT app_protect('teams', 'tenant');

CREATE TABLE team_members (
    tenant_id  uuid NOT NULL,
    team_id    uuid NOT NULL,
    account_id uuid NOT NULL,
    is_lead    boolean NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, team_id, account_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, account_id) REFERENCES memberships ON DELETE CASCADE
);
CREATE INDEX team_members_account ON team_members (tenant_id, account_id);
SELECT app_protect('team_members', 'tenant');

-- In the order in which each contains the one before.
CREATE TYPE access_level AS ENUM ('none', 'read', 'write', 'admin');

ALTER TABLE repositories
    -- Whether only those are let in who were named, one by one or by team.
    ADD COLUMN restricted boolean NOT NULL DEFAULT false;
CREATE INDEX repositories_restricted ON repositories (tenant_id, id) WHERE restricted;

CREATE TABLE repository_people (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    account_id    uuid NOT NULL,
    level         access_level NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, account_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, account_id) REFERENCES memberships ON DELETE CASCADE
);
CREATE INDEX repository_people_account ON repository_people (tenant_id, account_id);
SELECT app_protect('repository_people', 'tenant');

CREATE TABLE repository_teams (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    team_id       uuid NOT NULL,
    level         access_level NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, repository_id, team_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams ON DELETE CASCADE
);
CREATE INDEX repository_teams_team ON repository_teams (tenant_id, team_id);
SELECT app_protect('repository_teams', 'tenant');
