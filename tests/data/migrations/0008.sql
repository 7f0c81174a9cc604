INSERT INTO project_contributors (tenant_id, project_id, email, name, commits, first_at, last_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a', 'ada@example.com', 'Ada', 1, '2026-01-01', '2026-01-01');
INSERT INTO submodules (tenant_id, repository_id, path, url, address, source_key, pinned)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'vendor/money', '../money.git', 'https://example.com/acme/money.git', 'https://example.com/acme/money', '\x0202020202020202020202020202020202020202');
