-- The same rules at less cost: what a request pays for finding out who asks, and for the policies.

-- Whether anything of the organisation may be hidden from any of its members. Said by whatever hides
-- something, and never taken back: where it is false, nobody has to look for what is hidden from them.
ALTER TABLE organizations ADD COLUMN hides boolean NOT NULL DEFAULT false;

CREATE FUNCTION app_hides() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    UPDATE organizations SET hides = true WHERE tenant_id = NEW.tenant_id AND NOT hides;
    -- A row that could not be marked would be seen by all.
    IF NOT FOUND AND NOT EXISTS (SELECT FROM organizations WHERE tenant_id = NEW.tenant_id AND hides) THEN
        RAISE EXCEPTION 'the organisation % cannot be marked as one that hides something', NEW.tenant_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER hides AFTER INSERT OR UPDATE ON repositories
    FOR EACH ROW WHEN (NEW.restricted) EXECUTE FUNCTION app_hides();
CREATE TRIGGER hides AFTER INSERT OR UPDATE ON repository_people
    FOR EACH ROW WHEN (NEW.level = 'none') EXECUTE FUNCTION app_hides();
CREATE TRIGGER hides AFTER INSERT OR UPDATE ON repository_teams
    FOR EACH ROW WHEN (NEW.level = 'none') EXECUTE FUNCTION app_hides();

-- What hides something already. Without NO FORCE, the owner of the tables would see no row.
ALTER TABLE organizations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE repositories NO FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_people NO FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_teams NO FORCE ROW LEVEL SECURITY;
UPDATE organizations SET hides = true
WHERE tenant_id IN (
    SELECT tenant_id FROM repositories WHERE restricted
    UNION SELECT tenant_id FROM repository_people WHERE level = 'none'
    UNION SELECT tenant_id FROM repository_teams WHERE level = 'none'
);
ALTER TABLE organizations FORCE ROW LEVEL SECURITY;
ALTER TABLE repositories FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_people FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_teams FORCE ROW LEVEL SECURITY;

-- In PL/pgSQL, which keeps the plan; one in SQL is planned at each call.
CREATE OR REPLACE FUNCTION app_hidden_from(person uuid, person_role text) RETURNS uuid[]
LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
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
        WHERE app_level_of(person, person_role, r.id, r.restricted) = 'none'
    );
END
$$;

-- As before, for an organisation that may hide something.
DROP FUNCTION app_enter(text, uuid, uuid, text, boolean);
CREATE FUNCTION app_enter(
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
    IF hides AND person_role NOT IN ('owner', 'admin') THEN
        PERFORM set_config('app.hidden', app_hidden_from(person, person_role)::text, true);
    END IF;
    -- Lists have optional filters, which a generic plan cannot use an index for.
    PERFORM set_config('plan_cache_mode', 'force_custom_plan', true);
END
$$;

CREATE OR REPLACE FUNCTION app_context(
    tenant_role text, system_role text, wanted_session uuid, wanted_token bytea, wanted_slug text, at timestamptz, read_only boolean,
    wanted_address text
)
RETURNS TABLE (
    credential uuid, seen_at timestamptz, account uuid, login text, name text, token_name text, scope text,
    tenant uuid, slug text, organization_name text, role text,
    requires_factor boolean, factor_since timestamptz, confirmed_at timestamptz, must_reconnect boolean
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    hides boolean;
BEGIN
    PERFORM set_config('role', system_role, true), set_config('app.system', 'on', true), set_config('app.tenant_id', '', true);
    IF wanted_session IS NOT NULL THEN
        SELECT s.id, s.last_seen_at, a.id, a.login, a.name, NULL, 'admin',
               o.tenant_id, o.slug, o.name, m.role, coalesce(o.requires_factor, false), a.factor_since, s.confirmed_at,
               a.reconnect_since IS NOT NULL, o.hides
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at,
             must_reconnect, hides
        FROM sessions s
        JOIN accounts a ON a.id = s.account_id
        LEFT JOIN (memberships m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.slug = wanted_slug)
               ON m.account_id = a.id AND m.deactivated_at IS NULL
        WHERE s.id = wanted_session
          AND s.expires_at > at;
    ELSE
        SELECT t.id,
               -- From an address that the log does not know of, it is time to tell.
               CASE WHEN cardinality(t.told_addresses) >= 20 OR wanted_address = ANY (t.told_addresses) THEN t.last_used_at END,
               t.account_id, m.login, m.name, t.name, t.scope,
               o.tenant_id, o.slug, o.name,
               CASE WHEN m.role IS NULL OR app_rank(t.role) < app_rank(m.role) THEN t.role ELSE m.role END,
               false, NULL, NULL, a.reconnect_since IS NOT NULL, o.hides
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at,
             must_reconnect, hides
        FROM api_tokens t
        JOIN organizations o ON o.tenant_id = t.tenant_id
        LEFT JOIN memberships m ON m.tenant_id = t.tenant_id AND m.account_id = t.account_id
        LEFT JOIN accounts a ON a.id = t.account_id
        WHERE t.token_hash = wanted_token
          AND t.revoked_at IS NULL
          AND (t.expires_at IS NULL OR t.expires_at > at)
          AND m.deactivated_at IS NULL;
    END IF;
    IF tenant IS NULL THEN
        PERFORM set_config('role', tenant_role, true), set_config('app.system', '', true);
    ELSE
        PERFORM app_enter(tenant_role, tenant, account, role, read_only, hides);
    END IF;
    IF credential IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END
$$;

-- Where nothing is set, the one element is unknown, and so is whether any row is hidden: none is seen.
CREATE OR REPLACE FUNCTION app_hidden() RETURNS SETOF uuid
LANGUAGE sql STABLE PARALLEL SAFE COST 1 ROWS 1
BEGIN ATOMIC
    SELECT unnest(coalesce(nullif(current_setting('app.hidden', true), ''), '{NULL}')::uuid[]);
END;

-- The policies themselves: Postgres reads the body of each function that they call at each planning, so
-- they say by themselves what is short.
DO $$
DECLARE
    policy record;
    tenant constant text := '(SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid)';
    veil constant text := '(SELECT CASE WHEN current_setting(''app.hidden'', true) = ''{}'' THEN ''off'' ELSE ''on'' END)';
BEGIN
    FOR policy IN
        SELECT tablename, policyname, before.word,
               replace(replace(replace(before.rule, '( SELECT app_tenant_id() AS app_tenant_id)', tenant),
                               '( SELECT app_veil() AS app_veil)', veil),
                       '( SELECT (NOT app_has_entered())) OR ', '') AS rule
        FROM pg_policies
        CROSS JOIN LATERAL (VALUES ('USING', qual), ('WITH CHECK', with_check)) AS before (word, rule)
        WHERE schemaname = current_schema() AND before.rule IS NOT NULL
    LOOP
        EXECUTE format('ALTER POLICY %I ON %I %s (%s)', policy.policyname, policy.tablename, policy.word, policy.rule);
    END LOOP;
END
$$;

-- Both make policies as those above from now on.
CREATE OR REPLACE FUNCTION app_hide(target regclass, repository name, parent regclass DEFAULT NULL) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    hidden text := CASE
        WHEN parent IS NULL THEN format('%I IN (SELECT app_hidden())', repository)
        ELSE
            format('NOT EXISTS (SELECT FROM %s AS parent WHERE parent.tenant_id = %s.tenant_id AND parent.id = %I)', parent, target, repository)
    END;
    veil constant text := '(SELECT CASE WHEN current_setting(''app.hidden'', true) = ''{}'' THEN ''off'' ELSE ''on'' END)';
BEGIN
    EXECUTE format('CREATE POLICY visible ON %s AS RESTRICTIVE USING (NOT (%s = ''on'' AND (%s)))', target, veil, hidden);
END
$$;

CREATE OR REPLACE FUNCTION app_protect(target regclass, class text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    own constant text := 'tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid)';
    policy record;
BEGIN
    INSERT INTO protected_tables (name, class)
    SELECT relname, app_protect.class FROM pg_class WHERE oid = target
    ON CONFLICT (name) DO UPDATE SET class = excluded.class;

    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    FOR policy IN SELECT polname FROM pg_policy WHERE polrelid = target LOOP
        EXECUTE format('DROP POLICY %I ON %s', policy.polname, target);
    END LOOP;

    IF class IN ('tenant', 'shared') THEN
        EXECUTE format('CREATE POLICY tenant_all ON %s USING (%s) WITH CHECK (%s)', target, own, own);
    ELSIF class IN ('log', 'queue', 'head') THEN
        EXECUTE format('CREATE POLICY tenant_read ON %s FOR SELECT USING (%s)', target, own);
        EXECUTE format('CREATE POLICY tenant_add ON %s FOR INSERT WITH CHECK (%s)', target, own);
    END IF;
    IF class = 'head' THEN
        EXECUTE format('CREATE POLICY tenant_change ON %s FOR UPDATE USING (%s) WITH CHECK (%s)', target, own, own);
        EXECUTE format('CREATE POLICY system_read ON %s FOR SELECT USING ((SELECT app_is_system()))', target);
    END IF;
    IF class IN ('shared', 'queue', 'system') THEN
        EXECUTE format('CREATE POLICY system_all ON %s USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', target);
    END IF;
    IF class <> 'system' THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id SET (n_distinct = 1)', target);
    END IF;
END
$$;

-- Nothing asks them any more.
DROP FUNCTION app_veil();
DROP FUNCTION app_has_entered();
