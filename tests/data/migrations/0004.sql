INSERT INTO jobs (tenant_id, id, kind, payload, lane, run_at, max_attempts, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000007', 'scan_repository', '{}', 'repository:1', '2026-01-01', 3, '2026-01-01');
INSERT INTO changes (tenant_id, topic, at) VALUES ('00000000-0000-7000-8000-000000000001', 'scans', '2026-01-01');
