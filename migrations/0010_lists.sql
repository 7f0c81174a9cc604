-- Lists that cost the same on each page and in the largest organisation.

-- The policies compare tenant_id with a value that the planner does not know, and it would assume an
-- organisation of average size. Where one is much larger than the others, it would read and sort all
-- of that one's rows for a page of 50. Told that there is but one organisation, it plans for the
-- largest; for the others, every plan still begins at tenant_id in an index.
CREATE OR REPLACE FUNCTION app_protect(target regclass, class text) RETURNS void
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
    IF class <> 'system' THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN tenant_id SET (n_distinct = 1)', target);
    END IF;
END
$$;

-- The tables that are there already, with statistics by the new rule.
DO $$
DECLARE
    entry record;
BEGIN
    FOR entry IN SELECT name FROM protected_tables WHERE class <> 'system' LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN tenant_id SET (n_distinct = 1)', entry.name);
        EXECUTE format('ANALYZE %I', entry.name);
    END LOOP;
END
$$;

-- Projects are listed by path in the order of bytes, whatever the database's own order is.
CREATE INDEX projects_place ON projects (tenant_id, repository_id, path COLLATE "C");
-- The filter offers each kind there is; with this, each costs one look.
CREATE INDEX projects_kind ON projects (tenant_id, kind);

-- What lists count of tasks stands in the indexes that find them.
DROP INDEX tasks_repository;
CREATE INDEX tasks_repository ON tasks (tenant_id, repository_id, state, id) INCLUDE (source, fixture);
DROP INDEX tasks_project;
CREATE INDEX tasks_project ON tasks (tenant_id, project_id, state, id) INCLUDE (source, fixture);
