-- What a repository comes to, counted when it changes instead of whenever somebody looks.
CREATE TABLE repository_numbers (
    tenant_id     uuid NOT NULL,
    repository_id uuid NOT NULL,
    projects      bigint NOT NULL,
    -- Those of them that are test fixtures; the tasks and notes leave these out.
    fixtures      bigint NOT NULL,
    open_tasks    bigint NOT NULL,
    done_tasks    bigint NOT NULL,
    notes         bigint NOT NULL,
    -- Those of the notes that say FIXME.
    fixmes        bigint NOT NULL,
    commits       bigint NOT NULL,
    PRIMARY KEY (tenant_id, repository_id),
    FOREIGN KEY (tenant_id, repository_id) REFERENCES repositories ON DELETE CASCADE
);
SELECT app_protect('repository_numbers', 'tenant');

-- Without this, the owner too would see the rows of no organisation.
ALTER TABLE repositories NO FORCE ROW LEVEL SECURITY;
ALTER TABLE projects NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks NO FORCE ROW LEVEL SECURITY;
ALTER TABLE commits NO FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_numbers NO FORCE ROW LEVEL SECURITY;
INSERT INTO repository_numbers (tenant_id, repository_id, projects, fixtures, open_tasks, done_tasks, notes, fixmes, commits)
SELECT r.tenant_id, r.id,
       count(DISTINCT p.id), count(DISTINCT p.id) FILTER (WHERE p.fixture),
       coalesce(t.open_tasks, 0), coalesce(t.done_tasks, 0), coalesce(t.notes, 0), coalesce(t.fixmes, 0),
       (SELECT count(*) FROM commits c WHERE c.tenant_id = r.tenant_id AND c.repository_id = r.id)
FROM repositories r
LEFT JOIN projects p ON p.tenant_id = r.tenant_id AND p.repository_id = r.id
LEFT JOIN (
    SELECT tenant_id, repository_id,
           count(*) FILTER (WHERE source = 'tasklist' AND state = 'open') AS open_tasks,
           count(*) FILTER (WHERE source = 'tasklist' AND state = 'done') AS done_tasks,
           count(*) FILTER (WHERE source = 'todo' AND state = 'open') AS notes,
           count(*) FILTER (WHERE source = 'todo' AND state = 'open' AND marker = 'FIXME') AS fixmes
    FROM tasks
    WHERE NOT fixture
    GROUP BY tenant_id, repository_id
) t ON t.tenant_id = r.tenant_id AND t.repository_id = r.id
GROUP BY r.tenant_id, r.id, t.open_tasks, t.done_tasks, t.notes, t.fixmes;
ALTER TABLE repositories FORCE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;
ALTER TABLE tasks FORCE ROW LEVEL SECURITY;
ALTER TABLE commits FORCE ROW LEVEL SECURITY;
ALTER TABLE repository_numbers FORCE ROW LEVEL SECURITY;
