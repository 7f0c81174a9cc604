INSERT INTO scan_changes (tenant_id, scan_id, ordinal, area, kind, subject, place, before, after)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000009', 1, 'projects', 'changed', 'api', '.', '1.0.0', '1.1.0');
INSERT INTO job_turns (tenant_id, turn)
VALUES ('00000000-0000-7000-8000-000000000001', 1);
