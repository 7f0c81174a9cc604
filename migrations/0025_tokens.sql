-- Tokens that people make, names that they give themselves, and what a lost key leads to.

ALTER TABLE api_tokens
    -- The addresses from which its use stands in the audit log since audited_at's hour began; at most 20.
    ADD COLUMN told_addresses text[] NOT NULL DEFAULT '{}';

ALTER TABLE accounts
    -- Whether the person chose the name: a provider's word then changes it no more.
    ADD COLUMN has_own_name boolean NOT NULL DEFAULT false,
    -- Since when the person's token at GitHub cannot be opened and GitHub not be asked about them without it.
    ADD COLUMN reconnect_since timestamptz;

-- The same as before, with the address that a token is used from, and whether the person has to sign in
-- with GitHub again.
DROP FUNCTION app_context(text, text, uuid, bytea, text, timestamptz, boolean);
CREATE FUNCTION app_context(
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
BEGIN
    PERFORM set_config('role', system_role, true), set_config('app.system', 'on', true), set_config('app.tenant_id', '', true);
    IF wanted_session IS NOT NULL THEN
        SELECT s.id, s.last_seen_at, a.id, a.login, a.name, NULL, 'admin',
               o.tenant_id, o.slug, o.name, m.role, coalesce(o.requires_factor, false), a.factor_since, s.confirmed_at,
               a.reconnect_since IS NOT NULL
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at,
             must_reconnect
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
               false, NULL, NULL, a.reconnect_since IS NOT NULL
        INTO credential, seen_at, account, login, name, token_name, scope, tenant, slug, organization_name, role, requires_factor, factor_since, confirmed_at,
             must_reconnect
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
        PERFORM app_enter(tenant_role, tenant, account, role, read_only);
    END IF;
    IF credential IS NOT NULL THEN
        RETURN NEXT;
    END IF;
END
$$;
