-- Connecting a GitHub: the way there and back, whose hook is whose, and what was disconnected.

ALTER TABLE connections
    -- Of an App: the organisation or person at GitHub whose it is told to be. It counts nowhere else.
    ADD COLUMN owner       text CHECK (length(owner) BETWEEN 1 AND 255),
    -- What the installation may do, as GitHub said it last: `{"issues": "read"}`.
    ADD COLUMN permissions jsonb,
    -- When GitHub changed the installation last, and the one that was taken away: what is older is not taken.
    ADD COLUMN installation_updated_at timestamptz,
    ADD COLUMN uninstalled bigint,
    -- Since when it is being taken away: what it made at GitHub is deleted there first.
    ADD COLUMN removed_at  timestamptz;

-- Somebody who has set out for GitHub to make an App.
CREATE TABLE connection_attempts (
    tenant_id  uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id         uuid NOT NULL,
    -- Of the secret in the address that GitHub sends them back to.
    state_hash bytea NOT NULL,
    -- Who set out, in which session, and for what; sealed.
    sealed     text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, state_hash)
);
CREATE INDEX connection_attempts_expires ON connection_attempts (expires_at);
SELECT app_protect('connection_attempts', 'shared');

ALTER TABLE hooks
    -- The connection that it was made for, or by.
    ADD COLUMN connection_id uuid,
    -- Of an App's hook, GitHub's number of the App: its deliveries name no hook.
    ADD COLUMN app_id        bigint,
    -- Of a hook that was made in a repository: the repository, its name there, and GitHub's number of the
    -- hook as soon as there is one.
    ADD COLUMN repository_id uuid,
    ADD COLUMN full_name     text CHECK (length(full_name) BETWEEN 3 AND 300),
    ADD COLUMN github_id     bigint,
    -- Why it is not at GitHub as it should be, for people.
    ADD COLUMN trouble       text,
    ADD FOREIGN KEY (tenant_id, connection_id) REFERENCES connections ON DELETE SET NULL (connection_id),
    ADD FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE SET NULL (repository_id),
    ADD CHECK (app_id IS NULL OR repository_id IS NULL);
-- Not unique: several organisations may have the same App, and Apps of two GitHubs the same number.
CREATE INDEX hooks_app ON hooks (app_id) WHERE app_id IS NOT NULL AND revoked_at IS NULL;
CREATE UNIQUE INDEX hooks_repository ON hooks (tenant_id, repository_id) WHERE repository_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX hooks_connection ON hooks (tenant_id, connection_id) WHERE connection_id IS NOT NULL;

-- As with `changes`: most belong to no repository, and deliveries are taken across organisations.
CREATE POLICY visible ON hooks AS RESTRICTIVE USING (
    repository_id IS NULL OR (SELECT app_is_system())
    OR NOT ((SELECT CASE WHEN current_setting('app.hidden', true) = '{}' THEN 'off' ELSE 'on' END) = 'on'
            AND repository_id IN (SELECT app_hidden()))
);

ALTER TABLE repositories
    -- Since when it is hidden from all, until it is deleted for good.
    ADD COLUMN disconnected_at timestamptz,
    ADD COLUMN disconnected_by text,
    -- When GitHub took it out of what its connection reaches.
    ADD COLUMN unreachable_at  timestamptz;
CREATE INDEX repositories_disconnected ON repositories (tenant_id, disconnected_at) WHERE disconnected_at IS NOT NULL;

-- What is disconnected keeps no name, no address and no number from anything else.
ALTER TABLE repositories
    DROP CONSTRAINT repositories_tenant_id_name_key,
    DROP CONSTRAINT repositories_tenant_id_source_key_key,
    DROP CONSTRAINT repositories_tenant_id_github_host_github_id_key;
CREATE UNIQUE INDEX repositories_name_key ON repositories (tenant_id, name) WHERE disconnected_at IS NULL;
CREATE UNIQUE INDEX repositories_source_key ON repositories (tenant_id, source_key) WHERE disconnected_at IS NULL;
CREATE UNIQUE INDEX repositories_github_key ON repositories (tenant_id, github_host, github_id) WHERE disconnected_at IS NULL;

-- A disconnected repository is hidden as one that somebody may not see, with all that belongs to it, and
-- so from every list: from owners and from jobs as well.
DROP TRIGGER hides ON repositories;
CREATE TRIGGER hides AFTER INSERT OR UPDATE ON repositories
    FOR EACH ROW WHEN (NEW.restricted OR NEW.disconnected_at IS NOT NULL) EXECUTE FUNCTION app_hides();

CREATE OR REPLACE FUNCTION app_hidden_from(person uuid, person_role text) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF person_role IN ('owner', 'admin') THEN
        RETURN (SELECT coalesce(array_agg(id), '{}') FROM repositories WHERE disconnected_at IS NOT NULL);
    END IF;
    RETURN (
        SELECT coalesce(array_agg(r.id), '{}')
        FROM (
            SELECT id FROM repositories WHERE restricted OR disconnected_at IS NOT NULL
            UNION
            SELECT repository_id FROM repository_people WHERE account_id = person AND level = 'none'
            UNION
            SELECT t.repository_id FROM repository_teams t
            JOIN team_members m ON m.team_id = t.team_id AND m.account_id = person
            WHERE t.level = 'none'
        ) AS doubtful
        JOIN repositories r ON r.id = doubtful.id
        WHERE r.disconnected_at IS NOT NULL OR app_level_of(person, person_role, r.id, r.restricted) = 'none'
    );
END
$$;

CREATE OR REPLACE FUNCTION app_enter(
    tenant_role text, tenant uuid, person uuid, person_role text, read_only boolean, hides boolean DEFAULT true
) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', tenant_role, true),
            set_config('app.system', '', true),
            set_config('app.tenant_id', tenant::text, true),
            set_config('app.user_id', coalesce(person::text, ''), true),
            set_config('app.role', person_role, true),
            set_config('app.hidden', '{}', true),
            -- A page looks up 50 rows by key, in memory or on a disk without heads; at Postgres' price of
            -- 4 for each, it would rather read a whole table for the last page.
            set_config('random_page_cost', '1.1', true),
            CASE WHEN read_only THEN set_config('transaction_read_only', 'on', true) END;
    -- Before plans are made anew for each call, so that its own is kept.
    IF hides THEN
        PERFORM set_config('app.hidden', app_hidden_from(person, person_role)::text, true);
    END IF;
    -- Lists have optional filters, which a generic plan cannot use an index for.
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
END
$$;

-- Shows what is disconnected, or hides it again, for the rest of the transaction; to whoever may connect
-- repositories, and to jobs.
CREATE FUNCTION app_show_disconnected(shown boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF coalesce(current_setting('app.role', true), '') NOT IN ('owner', 'admin') THEN
        RAISE EXCEPTION 'disconnected repositories are shown to those who may connect them';
    END IF;
    PERFORM set_config('app.hidden', '{}', true);
    IF NOT shown THEN
        PERFORM set_config(
            'app.hidden',
            app_hidden_from(nullif(current_setting('app.user_id', true), '')::uuid, current_setting('app.role'))::text,
            true
        );
    END IF;
END
$$;
