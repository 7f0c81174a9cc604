-- How much of their budgets callers have used, where several servers share one site.

-- Unlogged: it is written with each request, and a crash may forget it. A row says when the budget of an
-- address or credential (a hash) is whole again; until then it holds what is left of it. No index on the
-- time, so that an update changes no index and its old version makes room for the next one.
CREATE UNLOGGED TABLE rate_limits (
    key      bytea PRIMARY KEY,
    whole_at timestamptz NOT NULL
) WITH (fillfactor = 50);

SELECT app_protect('rate_limits', 'system');
