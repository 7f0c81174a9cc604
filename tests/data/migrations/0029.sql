INSERT INTO contributors (tenant_id, id, host, github_id, login, is_bot, told_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-00000000002a', 'github.com', 583231, 'octocat', false, '2026-01-01');
INSERT INTO tombstones (tenant_id, repository_id, kind, github_id, number, buried_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'issue', 9007199254740993, 11, '2026-01-01');
INSERT INTO labels (tenant_id, repository_id, github_id, name, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 1, 'bug', 0, '\x01');
INSERT INTO milestones (tenant_id, repository_id, github_id, number, title, state, creator_id, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 2, 1, '1.0', 'open', '00000000-0000-7000-8000-00000000002a', 0, '\x01');
INSERT INTO issues (tenant_id, repository_id, github_id, number, title, state, url, author_id, labels, assignees, milestone, locked, comments, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 9007199254740993, 12, 'Ship late', 'closed', 'https://github.com/acme/api/issues/12', '00000000-0000-7000-8000-00000000002a', '{1}', '{}', 2, false, 0, '2026-01-01', '2026-01-02', 0, '\x01');
INSERT INTO pull_requests (tenant_id, repository_id, github_id, number, title, state, draft, url, head_ref, head, base_ref, base, labels, assignees, requested_reviewers, requested_teams, locked, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 3, 13, 'Ship', 'open', false, 'https://github.com/acme/api/pull/13', 'ship', '\x0101010101010101010101010101010101010101', 'main', '\x0303030303030303030303030303030303030303', '{}', '{}', '{}', '{}', false, '2026-01-01', '2026-01-02', 0, '\x01');
INSERT INTO pull_request_closings (tenant_id, repository_id, pull, issue)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 13, 12);
INSERT INTO pull_request_commits (tenant_id, repository_id, github_id, ordinal, oid, authored_at, subject)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 3, 1, '\x0101010101010101010101010101010101010101', '2026-01-01', 'Ship');
INSERT INTO reviews (tenant_id, repository_id, github_id, number, state, submitted_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 4, 13, 'approved', '2026-01-02', 1, '\x01');
INSERT INTO comments (tenant_id, repository_id, kind, github_id, number, body, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'issue_comment', 5, 12, 'When?', '2026-01-02', '2026-01-02', 0, '\x01'),
       ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'review_comment', 5, 13, 'Why?', '2026-01-02', '2026-01-02', 0, '\x01');
INSERT INTO releases (tenant_id, repository_id, github_id, tag, draft, prerelease, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 6, 'v1', false, false, 0, '\x01');
INSERT INTO deployments (tenant_id, repository_id, github_id, oid, reference, environment, production, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 7, '\x0101010101010101010101010101010101010101', 'main', 'production', true, '2026-01-02', '2026-01-02', 0, '\x01');
INSERT INTO deployment_statuses (tenant_id, repository_id, github_id, deployment, state, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 8, 7, 'success', '2026-01-02', '2026-01-02', 0, '\x01');
INSERT INTO workflow_runs (tenant_id, repository_id, github_id, workflow, event, oid, number, attempt, created_at, updated_at, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 9, 1, 'push', '\x0101010101010101010101010101010101010101', 1, 1, '2026-01-02', '2026-01-02', 4, '\x01');
INSERT INTO check_suites (tenant_id, repository_id, github_id, oid, rank, digest)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 10, '\x0101010101010101010101010101010101010101', 0, '\x01');
INSERT INTO refs (tenant_id, repository_id, kind, name, head)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000008', 'branch', 'main', '\x0101010101010101010101010101010101010101');
