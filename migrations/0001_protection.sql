-- The ground on which every table's isolation stands. See docs/tenancy.md.

-- The organisation that the current transaction acts for. After a transaction the setting is an
-- empty string on that connection, not NULL.
CREATE FUNCTION app_tenant_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('app.tenant_id', true), '')::uuid;

-- Whether the current transaction works across organisations. With two roles, the role says so;
-- where one login does both, a transaction-local setting that only SystemTx sets.
CREATE FUNCTION app_is_system() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
RETURN current_user = 'quarterdeck_system'
    OR (current_user <> 'quarterdeck_tenant' AND coalesce(current_setting('app.system', true), '') = 'on');

-- Which tables hold what kind of rows; read at each start to set rights again where the login changed.
CREATE TABLE protected_tables (
    name  name PRIMARY KEY,
    class text NOT NULL CHECK (class IN ('tenant', 'log', 'shared', 'queue', 'system'))
);

-- Gives a table the policies and rights of its class:
--   tenant  rows of one organisation                tenant: all         system: none
--   log     the same, written once                  tenant: read, add   system: none
--   shared  rows that sign-in must find             tenant: all         system: all
--   queue   rows that workers of all tenants take   tenant: read, add   system: all
--   system  rows that belong to no organisation     tenant: none        system: all
CREATE FUNCTION app_protect(target regclass, class text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    own constant text := 'tenant_id = (SELECT app_tenant_id())';
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
    ELSIF class IN ('log', 'queue') THEN
        EXECUTE format('CREATE POLICY tenant_read ON %s FOR SELECT USING (%s)', target, own);
        EXECUTE format('CREATE POLICY tenant_add ON %s FOR INSERT WITH CHECK (%s)', target, own);
    END IF;
    IF class IN ('shared', 'queue', 'system') THEN
        EXECUTE format('CREATE POLICY system_all ON %s USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', target);
    END IF;
END
$$;

-- Grants each role what the table's class allows. Run where the two roles exist, after migrations.
CREATE FUNCTION app_grant() RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    entry record;
BEGIN
    GRANT USAGE ON SCHEMA public TO quarterdeck_tenant, quarterdeck_system;
    FOR entry IN SELECT * FROM protected_tables LOOP
        EXECUTE format('REVOKE ALL ON %I FROM quarterdeck_tenant, quarterdeck_system', entry.name);
        IF entry.class IN ('tenant', 'shared') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO quarterdeck_tenant', entry.name);
        ELSIF entry.class IN ('log', 'queue') THEN
            EXECUTE format('GRANT SELECT, INSERT ON %I TO quarterdeck_tenant', entry.name);
        END IF;
        IF entry.class IN ('shared', 'queue', 'system') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO quarterdeck_system', entry.name);
        END IF;
    END LOOP;
END
$$;
