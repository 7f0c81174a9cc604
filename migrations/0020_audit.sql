-- The audit log as a chain: each entry's hash covers the one before. See docs/audit.md.

ALTER TABLE organizations
    -- After how many days entries of the log are deleted; never, where it is null.
    ADD COLUMN audit_keep_days integer CHECK (audit_keep_days BETWEEN 30 AND 36500);

ALTER TABLE api_tokens
    -- When its use was written into the audit log last.
    ADD COLUMN audited_at timestamptz;

ALTER TABLE protected_tables DROP CONSTRAINT protected_tables_class_check;
ALTER TABLE protected_tables ADD CHECK (class IN ('tenant', 'log', 'head', 'shared', 'queue', 'system'));

-- As before, with one more class:
--   head  the row that an organisation's log hangs on   tenant: read, add, change   system: read
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

-- Of a log, the system role has the right to delete, and app_forget's policy says which rows.
CREATE OR REPLACE FUNCTION app_grant() RETURNS void
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
        ELSIF entry.class = 'head' THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO quarterdeck_tenant', entry.name);
            EXECUTE format('GRANT SELECT ON %I TO quarterdeck_system', entry.name);
        END IF;
        IF entry.class = 'log' THEN
            EXECUTE format('GRANT DELETE ON %I TO quarterdeck_system', entry.name);
        END IF;
        IF entry.class IN ('shared', 'queue', 'system') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO quarterdeck_system', entry.name);
        END IF;
    END LOOP;
END
$$;

-- Where each organisation's chain begins, since retention, and where it ends.
CREATE TABLE audit_chains (
    tenant_id      uuid PRIMARY KEY REFERENCES organizations ON DELETE CASCADE,
    -- The newest entry's.
    ordinal        bigint NOT NULL,
    hash           bytea NOT NULL,
    -- Those of the last entry that retention deleted; zeroes before it did so.
    forgotten      bigint NOT NULL DEFAULT 0,
    forgotten_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
);
SELECT app_protect('audit_chains', 'head');

ALTER TABLE audit_log
    ADD COLUMN ordinal     bigint,
    -- The person behind a token.
    ADD COLUMN person_id   uuid,
    ADD COLUMN person_name text,
    ADD COLUMN before      jsonb,
    ADD COLUMN after       jsonb,
    ADD COLUMN address     text NOT NULL DEFAULT '',
    ADD COLUMN user_agent  text NOT NULL DEFAULT '',
    ADD COLUMN request_id  text NOT NULL DEFAULT '',
    ADD COLUMN hash        bytea,
    DROP CONSTRAINT audit_log_actor_kind_check,
    ADD CHECK (actor_kind IN ('account', 'token', 'command', 'job', 'unknown'));

-- One field of the canonical form: its length in bytes, a colon, itself; a dash where there is none.
CREATE FUNCTION app_audit_field(value text) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ',';

-- The hash of an entry after the one before. The program computes it on its own to check it.
CREATE FUNCTION app_audit_hash(previous bytea, entry audit_log) RETURNS bytea
LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(
        app_audit_field(entry.ordinal::text)
        || app_audit_field(entry.tenant_id::text)
        || app_audit_field(entry.id::text)
        || app_audit_field((extract(epoch FROM entry.at) * 1000000)::bigint::text)
        || app_audit_field(entry.actor_kind)
        || app_audit_field(entry.actor_id::text)
        || app_audit_field(entry.actor_name)
        || app_audit_field(entry.person_id::text)
        || app_audit_field(entry.person_name)
        || app_audit_field(entry.action)
        || app_audit_field(entry.subject_kind)
        || app_audit_field(entry.subject_id)
        || app_audit_field(entry.detail::text)
        || app_audit_field(entry.before::text)
        || app_audit_field(entry.after::text)
        || app_audit_field(entry.address)
        || app_audit_field(entry.user_agent)
        || app_audit_field(entry.request_id),
        'UTF8'))
$$;

-- Hangs an entry on the organisation's chain, whatever ordinal and hash it was given. One transaction
-- at a time: the lock is held to its end, and nothing but changes is written after it.
CREATE FUNCTION app_audit_chain() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    previous bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(20805, hashtext(NEW.tenant_id::text));
    SELECT c.ordinal + 1, c.hash INTO NEW.ordinal, previous FROM audit_chains c WHERE c.tenant_id = NEW.tenant_id;
    IF previous IS NULL THEN
        NEW.ordinal := 1;
        previous := decode(repeat('00', 32), 'hex');
    END IF;
    NEW.hash := app_audit_hash(previous, NEW);
    INSERT INTO audit_chains (tenant_id, ordinal, hash)
    VALUES (NEW.tenant_id, NEW.ordinal, NEW.hash)
    ON CONFLICT (tenant_id) DO UPDATE SET ordinal = excluded.ordinal, hash = excluded.hash;
    RETURN NEW;
END
$$;

-- The entries that are there already, in the order in which they were written. Without NO FORCE, the
-- owner too would see the rows of no organisation.
ALTER TABLE audit_log NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_chains NO FORCE ROW LEVEL SECURITY;
UPDATE audit_log l
SET ordinal = numbered.ordinal,
    person_id = CASE WHEN l.actor_kind = 'account' THEN l.actor_id END,
    person_name = CASE WHEN l.actor_kind = 'account' THEN l.actor_name END
FROM (SELECT tenant_id, id, row_number() OVER (PARTITION BY tenant_id ORDER BY id) AS ordinal FROM audit_log) AS numbered
WHERE l.tenant_id = numbered.tenant_id
  AND l.id = numbered.id;
DO $$
DECLARE
    entry audit_log;
    previous bytea;
BEGIN
    FOR entry IN SELECT * FROM audit_log ORDER BY tenant_id, ordinal LOOP
        IF entry.ordinal = 1 THEN
            previous := decode(repeat('00', 32), 'hex');
        END IF;
        previous := app_audit_hash(previous, entry);
        UPDATE audit_log SET hash = previous WHERE tenant_id = entry.tenant_id AND id = entry.id;
        INSERT INTO audit_chains (tenant_id, ordinal, hash)
        VALUES (entry.tenant_id, entry.ordinal, previous)
        ON CONFLICT (tenant_id) DO UPDATE SET ordinal = excluded.ordinal, hash = excluded.hash;
    END LOOP;
END
$$;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_chains FORCE ROW LEVEL SECURITY;

ALTER TABLE audit_log
    ALTER COLUMN ordinal SET NOT NULL,
    ALTER COLUMN hash SET NOT NULL,
    ADD UNIQUE (tenant_id, ordinal);
CREATE INDEX audit_log_action ON audit_log (tenant_id, action, ordinal);
CREATE INDEX audit_log_person ON audit_log (tenant_id, person_id, ordinal) WHERE person_id IS NOT NULL;
CREATE INDEX audit_log_actor ON audit_log (tenant_id, actor_id, ordinal) WHERE actor_id IS NOT NULL;
CREATE INDEX audit_log_at ON audit_log (tenant_id, at);

CREATE TRIGGER chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION app_audit_chain();

-- What is written stays as it is, for the owner of the table too.
CREATE FUNCTION app_audit_keep() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE insufficient_privilege USING MESSAGE = 'the audit log is only added to';
END
$$;
CREATE TRIGGER keep BEFORE UPDATE OR TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION app_audit_keep();
DO $$
BEGIN
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON audit_log FROM %I', current_user);
END
$$;

-- The one way out: the system role, of the organisation that is set, up to the entry that its chain says is
-- forgotten, and only what is older than the organisation keeps it. By the database's clock, not the program's.
CREATE POLICY system_forget ON audit_log FOR DELETE USING (
    (SELECT app_is_system())
    AND tenant_id = (SELECT app_tenant_id())
    AND ordinal <= (SELECT c.forgotten FROM audit_chains c WHERE c.tenant_id = (SELECT app_tenant_id()))
    AND at < (SELECT now() - make_interval(days => o.audit_keep_days) FROM organizations o WHERE o.tenant_id = (SELECT app_tenant_id()))
);

-- As before; also tries whether a log can be changed, or deleted before its time.
CREATE OR REPLACE FUNCTION app_probe(tenant_role text, system_role text)
RETURNS TABLE (table_name text, finding text)
LANGUAGE plpgsql AS $$
DECLARE
    one constant uuid := gen_random_uuid();
    two constant uuid := gen_random_uuid();
    tenant uuid;
    entry record;
    left_over name[];
    remaining name[];
    seen bigint;
BEGIN
    PERFORM app_probe_become('none', '', false);
    CREATE TEMPORARY TABLE probe_tables ON COMMIT DROP AS SELECT name, class FROM protected_tables;
    GRANT SELECT ON probe_tables TO PUBLIC;

    FOREACH tenant IN ARRAY ARRAY[one, two] LOOP
        SELECT array_agg(name) INTO left_over FROM probe_tables;
        -- A table goes in once the ones it refers to are there.
        FOR round IN 1..20 LOOP
            remaining := '{}';
            FOR entry IN SELECT p.name, p.class FROM probe_tables p WHERE p.name = ANY (left_over) LOOP
                BEGIN
                    IF entry.class IN ('shared', 'system') THEN
                        PERFORM app_probe_become(system_role, '', true);
                    ELSE
                        PERFORM app_probe_become(tenant_role, tenant::text, false);
                    END IF;
                    PERFORM app_probe_insert(entry.name, tenant);
                EXCEPTION WHEN foreign_key_violation THEN
                    remaining := remaining || entry.name;
                WHEN unique_violation THEN
                    -- A row of another table has made it.
                    NULL;
                END;
            END LOOP;
            EXIT WHEN remaining = '{}' OR remaining = left_over;
            left_over := remaining;
        END LOOP;
        RETURN QUERY SELECT unnest(remaining)::text, 'a sample row could not be added';
    END LOOP;

    FOR entry IN SELECT p.name, p.class FROM probe_tables p ORDER BY p.name LOOP
        table_name := entry.name;
        PERFORM app_probe_become(tenant_role, '', false);
        seen := app_probe_count(format('SELECT count(*) FROM %I', entry.name));
        IF seen > 0 THEN
            finding := format('%s rows are seen without an organisation', seen);
            RETURN NEXT;
        END IF;

        PERFORM app_probe_become(tenant_role, one::text, false);
        IF entry.class = 'system' THEN
            seen := app_probe_count(format('SELECT count(*) FROM %I', entry.name));
            IF seen > 0 THEN
                finding := format('%s rows are seen by an organisation', seen);
                RETURN NEXT;
            END IF;
            seen := app_probe_count(format('WITH gone AS (DELETE FROM %I RETURNING 1) SELECT count(*) FROM gone', entry.name));
            IF seen > 0 THEN
                finding := 'an organisation can delete rows';
                RETURN NEXT;
            END IF;
            CONTINUE;
        END IF;

        seen := app_probe_count(format('SELECT count(*) FROM %I', entry.name));
        IF seen <> 1 THEN
            finding := format('an organisation with one row sees %s', seen);
            RETURN NEXT;
        END IF;
        seen := app_probe_count(format('WITH moved AS (UPDATE %I SET tenant_id = %L RETURNING 1) SELECT count(*) FROM moved', entry.name, two));
        IF seen > 0 THEN
            finding := 'a row can be moved to another organisation';
            RETURN NEXT;
        END IF;
        seen := app_probe_count(format('WITH gone AS (DELETE FROM %I WHERE tenant_id = %L RETURNING 1) SELECT count(*) FROM gone', entry.name, two));
        IF seen > 0 THEN
            finding := 'another organisation''s row can be deleted';
            RETURN NEXT;
        END IF;
        BEGIN
            PERFORM app_probe_insert(entry.name, two);
            finding := 'a row can be added for another organisation';
            RETURN NEXT;
        EXCEPTION
            WHEN insufficient_privilege THEN NULL;
            WHEN OTHERS THEN
                finding := format('adding for another organisation fails for the wrong reason: %s', SQLERRM);
                RETURN NEXT;
        END;
        IF entry.class IN ('log', 'head') THEN
            seen := app_probe_count(format('WITH gone AS (DELETE FROM %I RETURNING 1) SELECT count(*) FROM gone', entry.name));
            IF seen > 0 THEN
                finding := 'the log can be deleted from';
                RETURN NEXT;
            END IF;
        END IF;

        IF entry.class = 'log' THEN
            PERFORM app_probe_become(tenant_role, one::text, false);
            seen := app_probe_count(format('WITH changed AS (UPDATE %I SET id = id RETURNING 1) SELECT count(*) FROM changed', entry.name));
            IF seen > 0 THEN
                finding := 'the log can be changed';
                RETURN NEXT;
            END IF;
            -- Nothing was said of how long it is kept, so it is kept.
            PERFORM app_probe_become(system_role, one::text, true);
            seen := app_probe_count(format('WITH gone AS (DELETE FROM %I RETURNING 1) SELECT count(*) FROM gone', entry.name));
            IF seen > 0 THEN
                finding := 'the log is forgotten before its time';
                RETURN NEXT;
            END IF;
        END IF;

        PERFORM app_probe_become(system_role, '', true);
        IF entry.class IN ('tenant', 'log') THEN
            seen := app_probe_count(format('SELECT count(*) FROM %I', entry.name));
            IF seen > 0 THEN
                finding := format('%s rows are seen across organisations', seen);
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;
    PERFORM app_probe_become('none', '', false);
END
$$;
