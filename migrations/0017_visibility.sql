-- Which repositories the acting person may see, and the one call that finds out who acts.

-- The repositories that are hidden from whoever acts stand in the setting app.hidden, as an array;
-- set for each transaction by app_enter. Where it is not set at all, everything is hidden.
-- 'on' where anything is. A word instead of a boolean, because the planner takes equality with a word to
-- be rare: it then knows that the policies below let almost all rows through.
CREATE FUNCTION app_veil() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN coalesce(current_setting('app.hidden', true), '') = '{}' THEN 'off' ELSE 'on' END;

CREATE FUNCTION app_has_entered() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN coalesce(current_setting('app.hidden', true), '') <> '';

-- Told to be cheap and short: the planner would else look for plans that ask the policies less often.
CREATE FUNCTION app_hidden() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE COST 1 ROWS 1
BEGIN ATOMIC
    SELECT unnest(nullif(current_setting('app.hidden', true), '')::uuid[]);
END;

-- Hides a table's rows with the repository that they belong to: by a column of their own, or by the
-- row of a table that is hidden so itself. Comes on top of what app_protect made.
CREATE FUNCTION app_hide(target regclass, repository name, parent regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    hidden text := CASE
        WHEN parent IS NULL THEN
            format('(SELECT NOT app_has_entered()) OR %I IN (SELECT app_hidden())', repository)
        ELSE
            format('NOT EXISTS (SELECT FROM %s AS parent WHERE parent.tenant_id = %s.tenant_id AND parent.id = %I)', parent, target, repository)
    END;
BEGIN
    EXECUTE format(
        'CREATE POLICY visible ON %s AS RESTRICTIVE USING (NOT ((SELECT app_veil()) = ''on'' AND (%s)))', target, hidden
    );
END
$$;

SELECT app_hide('repositories', 'id');
SELECT app_hide(name::regclass, 'repository_id')
FROM unnest(ARRAY['blob_facts', 'commits', 'languages', 'projects', 'repository_numbers', 'repository_people',
                  'repository_teams', 'scans', 'submodules', 'tasks']) AS name;
SELECT app_hide(name::regclass, 'project_id', 'projects')
FROM unnest(ARRAY['dependencies', 'project_contributors', 'project_languages']) AS name;
SELECT app_hide(name::regclass, 'scan_id', 'scans')
FROM unnest(ARRAY['scan_changes', 'scan_warnings']) AS name;
SELECT app_hide('task_events', 'task_id', 'tasks');

-- What open pages are told: of a repository only where they may see it.
ALTER TABLE changes ADD COLUMN repository_id uuid;
CREATE POLICY visible ON changes AS RESTRICTIVE USING (
    repository_id IS NULL OR (SELECT app_is_system())
    OR NOT ((SELECT app_veil()) = 'on' AND ((SELECT NOT app_has_entered()) OR repository_id IN (SELECT app_hidden())))
);

-- The level at which a person has a repository: what was said of them, else the best that was said of
-- their teams, else what the repository is to all.
CREATE FUNCTION app_level_of(person uuid, person_role text, repository uuid, restricted boolean) RETURNS access_level
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT CASE
        WHEN person_role IN ('owner', 'admin') THEN 'admin'
        -- Whoever may only read, reads, whatever else was said.
        WHEN person_role = 'viewer' THEN least(said.level, 'read')
        ELSE said.level
    END
    FROM (
        SELECT coalesce(
            (SELECT p.level FROM repository_people p WHERE p.repository_id = repository AND p.account_id = person),
            (SELECT max(t.level) FROM repository_teams t
             JOIN team_members m ON m.team_id = t.team_id AND m.account_id = person
             WHERE t.repository_id = repository),
            CASE WHEN restricted THEN 'none' ELSE 'write' END::access_level
        ) AS level
    ) AS said;
END;

-- The repositories that a person does not get to see, as app.hidden has them.
CREATE FUNCTION app_hidden_from(person uuid, person_role text) RETURNS uuid[]
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce(array_agg(r.id), '{}')
    FROM (
        SELECT id FROM repositories WHERE restricted
        UNION
        SELECT repository_id FROM repository_people WHERE account_id = person AND level = 'none'
        UNION
        SELECT t.repository_id FROM repository_teams t
        JOIN team_members m ON m.team_id = t.team_id AND m.account_id = person
        WHERE t.level = 'none'
    ) AS doubtful
    JOIN repositories r ON r.id = doubtful.id
    WHERE app_level_of(person, person_role, r.id, r.restricted) = 'none';
END;

-- Binds the transaction to an organisation, a person and a role.
CREATE FUNCTION app_enter(tenant_role text, tenant uuid, person uuid, person_role text, read_only boolean) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', tenant_role, true),
            set_config('app.system', '', true),
            set_config('app.tenant_id', tenant::text, true),
            set_config('app.user_id', coalesce(person::text, ''), true),
            set_config('app.role', person_role, true),
            set_config('app.hidden', '{}', true);
    IF person_role NOT IN ('owner', 'admin') THEN
        PERFORM set_config('app.hidden', app_hidden_from(person, person_role)::text, true);
    END IF;
    -- Lists have optional filters, which a generic plan cannot use an index for.
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true),
            -- A page looks up 50 rows by key, in memory or on a disk without heads; at Postgres' price of
            -- 4 for each, it would rather read a whole table for the last page.
            set_config('random_page_cost', '1.1', true);
    IF read_only THEN
        PERFORM set_config('transaction_read_only', 'on', true);
    END IF;
END
$$;

-- Who acts: the session or the token of a request, the person, the organisation and the role, all as
-- they are now. Enters the organisation where the person is let in; else the transaction may see
-- nothing. No row where the session has ended, or the token does not count any more.
CREATE FUNCTION app_context(
    tenant_role text, system_role text, wanted_session uuid, wanted_token bytea, wanted_slug text, at timestamptz, read_only boolean
)
RETURNS TABLE (
    credential uuid, seen_at timestamptz, account uuid, login text, name text, token_name text,
    tenant uuid, slug text, organization_name text, role text,
    requires_factor boolean, factor_since timestamptz, confirmed_at timestamptz
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', system_role, true), set_config('app.system', 'on', true), set_config('app.tenant_id', '', true);
    IF wanted_session IS NOT NULL THEN
        SELECT s.id, s.last_seen_at, a.id, a.login, a.name, NULL,
               o.tenant_id, o.slug, o.name, m.role, o.requires_factor, a.factor_since, s.confirmed_at
        INTO credential, seen_at, account, login, name, token_name, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at
        FROM sessions s
        JOIN accounts a ON a.id = s.account_id
        LEFT JOIN (memberships m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.slug = wanted_slug)
               ON m.account_id = a.id AND m.deactivated_at IS NULL
        WHERE s.id = wanted_session
          AND s.expires_at > at;
    ELSE
        SELECT t.id, t.last_used_at, t.account_id, m.login, m.name, t.name,
               o.tenant_id, o.slug, o.name,
               CASE WHEN m.role IS NULL OR app_rank(t.role) < app_rank(m.role) THEN t.role ELSE m.role END,
               false, NULL, NULL
        INTO credential, seen_at, account, login, name, token_name, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at
        FROM api_tokens t
        JOIN organizations o ON o.tenant_id = t.tenant_id
        LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id
        WHERE t.token_hash = wanted_token
          AND t.revoked_at IS NULL
          AND (t.expires_at IS NULL OR t.expires_at > at)
          AND m.deactivated_at IS NULL;
    END IF;
    IF tenant IS NULL THEN
        PERFORM set_config('role', tenant_role, true), set_config('app.system', '', true);
    ELSE
        PERFORM app_enter(tenant_role, tenant, account, role, read_only);
    END IF;
    IF credential IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END
$$;

-- Roles in the order in which each may all that the ones before it may.
CREATE FUNCTION app_rank(role text) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY['viewer', 'member', 'manager', 'admin', 'owner'], role);

-- The probe acts as somebody who sees all repositories of the organisation it tries.
CREATE OR REPLACE FUNCTION app_probe_become(role text, tenant text, is_system boolean) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('role', role, true),
           set_config('app.tenant_id', tenant, true),
           set_config('app.hidden', CASE WHEN tenant = '' THEN '' ELSE '{}' END, true),
           set_config('app.system', CASE WHEN is_system THEN 'on' ELSE '' END, true);
END;

-- Makes a row of any table; of an enumeration, its first word.
CREATE OR REPLACE FUNCTION app_probe_insert(target name, tenant uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    names text;
    vals text;
BEGIN
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum),
           string_agg(
               CASE
                   WHEN a.atttypid = 'uuid'::regtype THEN quote_literal(tenant)
                   WHEN allowed.word IS NOT NULL THEN quote_literal(allowed.word)
                   WHEN a.atttypid IN ('text'::regtype, 'name'::regtype) THEN quote_literal('probe-' || left(tenant::text, 8))
                   WHEN a.atttypid = 'bytea'::regtype THEN quote_literal(convert_to(tenant::text, 'UTF8'))
                   WHEN a.atttypid = 'timestamptz'::regtype THEN quote_literal('2000-01-01T00:00:00Z')
                   WHEN a.atttypid = 'jsonb'::regtype THEN quote_literal('{}')
                   WHEN a.atttypid = 'boolean'::regtype THEN 'false'
                   WHEN t.typtype = 'e' THEN (SELECT quote_literal(enumlabel) FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder LIMIT 1)
                   WHEN t.typcategory = 'A' THEN quote_literal('{}')
                   ELSE '1'
               END, ', ' ORDER BY a.attnum)
    INTO names, vals
    FROM pg_attribute a
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN LATERAL (
        SELECT (regexp_match(pg_get_constraintdef(c.oid), '''([^'']+)''::text'))[1] AS word
        FROM pg_constraint c
        WHERE c.conrelid = a.attrelid
          AND c.contype = 'c'
          AND c.conkey = ARRAY[a.attnum]
          AND pg_get_constraintdef(c.oid) LIKE '%ANY (ARRAY%'
        LIMIT 1
    ) allowed ON true
    WHERE a.attrelid = target::text::regclass
      AND a.attnum > 0
      AND NOT a.attisdropped
      AND a.attidentity = ''
      AND a.attnotnull;
    EXECUTE format('INSERT INTO %I (%s) VALUES (%s)', target, names, vals);
END
$$;
