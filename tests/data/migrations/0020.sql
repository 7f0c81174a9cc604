INSERT INTO audit_log (tenant_id, id, at, actor_kind, actor_name, action, subject_kind, subject_id, before, after, ordinal, hash)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000201', '2026-01-02', 'unknown', 'somebody unknown', 'organization.renamed', 'organization', 'acme', '{"name": "a"}', '{"name": "b"}', 0, '');
