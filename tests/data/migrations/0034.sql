INSERT INTO imports (tenant_id, repository_id, resource, pass, reason, state, cursor, items, requested_at, begun_at, advanced_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'issues', '00000000-0000-7000-8000-000000000341',
        'import', 'running', '/repositories/1/issues?after=2', 100, '2026-01-01', '2026-01-01', '2026-01-01');
INSERT INTO syncs (tenant_id, repository_id, due_at, hourly_due_at, sweep_due_at, through)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', '2026-01-02', '2026-01-02', '2026-01-03', '2026-01-01');
