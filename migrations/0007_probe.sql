-- Tries the isolation of every protected table with rows of two made-up organisations. The caller
-- rolls back. Rows are made from the catalog, so that a new table is tried without a line of code:
-- every uuid is the tenant's own, every text the first word its CHECK allows.
CREATE FUNCTION app_probe_insert(target name, tenant uuid) RETURNS void
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

-- Counts the rows that a statement sees or changes; -1 where Postgres refuses it.
CREATE FUNCTION app_probe_count(statement text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    counted bigint;
BEGIN
    EXECUTE statement INTO counted;
    RETURN counted;
EXCEPTION WHEN insufficient_privilege THEN
    RETURN -1;
WHEN integrity_constraint_violation THEN
    -- The policies let it through; only another row's key stopped it.
    RETURN 1;
END
$$;

-- Becomes a role and tenant for the rest of the transaction.
CREATE FUNCTION app_probe_become(role text, tenant text, is_system boolean) RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    SELECT set_config('role', role, true),
           set_config('app.tenant_id', tenant, true),
           set_config('app.system', CASE WHEN is_system THEN 'on' ELSE '' END, true);
END;

CREATE FUNCTION app_probe(tenant_role text, system_role text)
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
        IF entry.class = 'log' THEN
            seen := app_probe_count(format('WITH gone AS (DELETE FROM %I RETURNING 1) SELECT count(*) FROM gone', entry.name));
            IF seen > 0 THEN
                finding := 'the log can be deleted from';
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
