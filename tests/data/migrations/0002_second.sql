-- Another organisation: what a migration computes from rows, it computes for all of them.
INSERT INTO organizations (tenant_id, slug, name, created_at)
VALUES ('00000000-0000-7000-8000-000000000101', 'globex', 'Globex', '2026-01-01');
