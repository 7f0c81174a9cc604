-- Rows as they may be there when a later migration runs.
INSERT INTO organizations (tenant_id, slug, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', 'acme', 'Acme', '2026-01-01');
INSERT INTO accounts (id, login, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000002', 'ada', 'Ada Lovelace', '2026-01-01');
INSERT INTO memberships (tenant_id, account_id, role, login, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002', 'owner', 'ada', 'Ada Lovelace', '2026-01-01');
INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_name, action, subject_kind, subject_id)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000003', '2026-01-01', 'command', 'command line', 'setup_link.issued', 'organization', 'acme');
