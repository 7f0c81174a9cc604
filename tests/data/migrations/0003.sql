INSERT INTO sessions (id, account_id, token_hash, created_at, last_seen_at, expires_at, user_agent, address)
VALUES ('00000000-0000-7000-8000-000000000004', '00000000-0000-7000-8000-000000000002', '\x01', '2026-01-01', '2026-01-01', '2026-02-01', 'Browser', '127.0.0.1');
INSERT INTO setup_links (id, token_hash, organization_id, created_at, expires_at)
VALUES ('00000000-0000-7000-8000-000000000005', '\x02', NULL, '2026-01-01', '2026-01-01 00:30');
INSERT INTO api_tokens (tenant_id, id, name, role, token_hash, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000006', 'ci', 'viewer', '\x03', '2026-01-01');
