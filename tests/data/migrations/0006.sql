INSERT INTO projects (tenant_id, id, repository_id, path, name, kind, also, workspace_root, private, fixture, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-000000000008', '.', 'api', 'rust', '{}', false, false, false, '2026-01-01');
INSERT INTO dependencies (tenant_id, project_id, name, scope, requirement)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a', 'serde', 'runtime', '1');
INSERT INTO project_languages (tenant_id, project_id, name, files, code, comments, blanks)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000a', 'Rust', 1, 2, 3, 4);
INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, fingerprint, title, state, path, line, fixture, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000b', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'todo', 'f', 'Later', 'open', 'src/lib.rs', 1, false, '2026-01-01', '2026-01-01');
INSERT INTO commits (tenant_id, repository_id, oid, parents, author_name, author_email, authored_at, authored_offset, committer_name, committer_email, committed_at, committed_offset, subject, body, insertions, deletions, files_changed, files)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', '\x0101010101010101010101010101010101010101', '{}', 'Ada', 'ada@example.com', '2026-01-01', 0, 'Ada', 'ada@example.com', '2026-01-01', 0, 'Start', '', 1, 0, 1, '[["a", 1, 0]]');
INSERT INTO projects (tenant_id, id, repository_id, path, name, kind, also, workspace_root, private, fixture, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000000c', '00000000-0000-7000-8000-000000000008', 'tests/fixtures/app', 'app', 'rust', '{}', false, false, true, '2026-01-01');
INSERT INTO tasks (tenant_id, id, repository_id, project_id, source, fingerprint, marker, title, state, path, line, fixture, created_at, updated_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000010', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'todo', 'f0', 'FIXME', 'Soon', 'open', 'a', 1, false, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000011', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'todo', 'f1', 'TODO', 'Gone', 'removed', 'a', 1, false, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000012', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000c', 'todo', 'f2', 'FIXME', 'Of a fixture', 'open', 'a', 1, true, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000013', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'tasklist', 'f3', NULL, 'Ship', 'open', 'a', 1, false, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000014', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'tasklist', 'f4', NULL, 'Start', 'done', 'a', 1, false, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000015', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000a', 'tasklist', 'f5', NULL, 'Dropped', 'removed', 'a', 1, false, '2026-01-01', '2026-01-01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000016', '00000000-0000-7000-8000-000000000008', '00000000-0000-7000-8000-00000000000c', 'tasklist', 'f6', NULL, 'Of a fixture too', 'open', 'a', 1, true, '2026-01-01', '2026-01-01');
INSERT INTO commits (tenant_id, repository_id, oid, parents, author_name, author_email, authored_at, authored_offset, committer_name, committer_email, committed_at, committed_offset, subject, body, insertions, deletions, files_changed, files)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', '\x0303030303030303030303030303030303030303', '{}', 'Ada', 'ada@example.com', '2026-01-01', 0, 'Ada', 'ada@example.com', '2026-01-01', 0, 'More', '', 1, 0, 1, '[["a", 1, 0]]');
