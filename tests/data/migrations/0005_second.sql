INSERT INTO repositories (tenant_id, id, name, source_kind, source, source_key, any_path, created_at)
VALUES ('00000000-0000-7000-8000-000000000101', '00000000-0000-7000-8000-000000000108', 'web', 'url', 'https://example.com/globex/web.git', 'https://example.com/globex/web', false, '2026-01-01');
