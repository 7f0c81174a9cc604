INSERT INTO task_events (tenant_id, task_id, ordinal, kind, commit, name, email, at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000b', 1, 'created', '\x0101010101010101010101010101010101010101', 'Ada', 'ada@example.com', '2026-01-01');
