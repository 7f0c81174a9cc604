INSERT INTO tasks (tenant_id, id, repository_id, source, title, state, author, number, url, fixture, opened_at, closed_at, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000028', '00000000-0000-7000-8000-000000000008', 'issue', 'Ship late', 'done', 'ada', 12, 'https://github.com/acme/api/issues/12', false, '2026-01-01', '2026-01-02', '2026-01-01', '2026-01-02'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000029', '00000000-0000-7000-8000-000000000008', 'pull', 'Ship', 'open', NULL, 13, 'https://github.com/acme/api/pull/13', false, '2026-01-01', NULL, '2026-01-01', '2026-01-02');
INSERT INTO task_links (tenant_id, from_task, to_task, kind)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000029', '00000000-0000-7000-8000-000000000028', 'closes');
