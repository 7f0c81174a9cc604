INSERT INTO teams (tenant_id, id, slug, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000161', 'core', 'Core', '2026-01-01');
INSERT INTO team_members (tenant_id, team_id, account_id, is_lead, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000161', '00000000-0000-7000-8000-000000000002', true, '2026-01-01');
INSERT INTO repository_people (tenant_id, repository_id, account_id, level, created_at)
SELECT tenant_id, id, '00000000-0000-7000-8000-000000000002', 'none', '2026-01-01' FROM repositories LIMIT 1;
INSERT INTO repository_teams (tenant_id, repository_id, team_id, level, created_at)
SELECT tenant_id, id, '00000000-0000-7000-8000-000000000161', 'read', '2026-01-01' FROM repositories LIMIT 1;
