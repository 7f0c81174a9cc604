-- The second factor: codes of an authenticator by time (RFC 6238), and codes for when it is lost.
CREATE TABLE factors (
    account_id   uuid PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    -- The shared secret.
    sealed       text NOT NULL,
    created_at   timestamptz NOT NULL,
    -- Null until the first code has shown that the authenticator has the secret.
    confirmed_at timestamptz,
    -- The time step of the last code that was taken: a code is good once.
    last_step    bigint NOT NULL DEFAULT 0,
    -- Wrong codes since the first of them, for a quarter of an hour.
    failures     integer NOT NULL DEFAULT 0,
    failing_since timestamptz
);
SELECT app_protect('factors', 'system');

CREATE TABLE recovery_codes (
    account_id uuid NOT NULL REFERENCES factors ON DELETE CASCADE,
    hash       bytea NOT NULL,
    used_at    timestamptz,
    PRIMARY KEY (account_id, hash)
);
SELECT app_protect('recovery_codes', 'system');

ALTER TABLE api_tokens
    -- What it may do at most, whatever the role: each contains the one before.
    ADD COLUMN scope text NOT NULL DEFAULT 'admin' CHECK (scope IN ('read', 'write', 'admin')),
    -- Its last characters, for telling tokens apart.
    ADD COLUMN hint text NOT NULL DEFAULT '';

-- The same as before, with the scope of a token.
DROP FUNCTION app_context(text, text, uuid, bytea, text, timestamptz, boolean);
CREATE FUNCTION app_context(
    tenant_role text, system_role text, wanted_session uuid, wanted_token bytea, wanted_slug text, at timestamptz, read_only boolean
)
RETURNS TABLE (
    credential uuid, seen_at timestamptz, account uuid, login text, name text, token_name text, scope text,
    tenant uuid, slug text, organization_name text, role text,
    requires_factor boolean, factor_since timestamptz, confirmed_at timestamptz
)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM set_config('role', system_role, true), set_config('app.system', 'on', true), set_config('app.tenant_id', '', true);
    IF wanted_session IS NOT NULL THEN
        SELECT s.id, s.last_seen_at, a.id, a.login, a.name, NULL, 'admin',
               o.tenant_id, o.slug, o.name, m.role, coalesce(o.requires_factor, false), a.factor_since, s.confirmed_at
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at
        FROM sessions s
        JOIN accounts a ON a.id = s.account_id
        LEFT JOIN (memberships m JOIN organizations o ON o.tenant_id = m.tenant_id AND o.slug = wanted_slug)
               ON m.account_id = a.id AND m.deactivated_at IS NULL
        WHERE s.id = wanted_session
          AND s.expires_at > at;
    ELSE
        SELECT t.id, t.last_used_at, t.account_id, m.login, m.name, t.name, t.scope,
               o.tenant_id, o.slug, o.name,
               CASE WHEN m.role IS NULL OR app_rank(t.role) < app_rank(m.role) THEN t.role ELSE m.role END,
               false, NULL, NULL
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at
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
