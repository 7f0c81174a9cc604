INSERT INTO repositories (tenant_id, id, name, source_kind, source, source_key, any_path, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'api', 'url', 'https://example.com/acme/api.git', 'https://example.com/acme/api', false, '2026-01-01');
INSERT INTO scans (tenant_id, id, repository_id, state, reason, phase, queued_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000009', '00000000-0000-7000-8000-000000000008', 'succeeded', 'added', 'finished', '2026-01-01');
INSERT INTO scan_warnings (tenant_id, scan_id, ordinal, code, path, message)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000009', 1, 'broken-manifest', 'Cargo.toml', 'It cannot be read.');
INSERT INTO blob_facts (tenant_id, repository_id, blob, reading, facts)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', '\x04', '1:Rust', '{}');
INSERT INTO languages (tenant_id, repository_id, name, files, code, comments, blanks)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'Rust', 1, 2, 3, 4);
