-- Tasks may come from GitHub: an issue or a pull request is one, beside the boxes and notes that scans find.
ALTER TABLE tasks
    DROP CONSTRAINT tasks_source_check,
    ADD CONSTRAINT tasks_source_check CHECK (source IN ('issue', 'pull', 'tasklist', 'todo')),
    ALTER path DROP NOT NULL,
    ALTER line DROP NOT NULL,
    -- GitHub's number of it, which issues and pull requests of a repository share.
    ADD COLUMN number bigint CHECK (number > 0),
    -- Its page at GitHub.
    ADD COLUMN url text CHECK (url ~ '^https?://'),
    ADD CONSTRAINT tasks_place_check CHECK (
        CASE WHEN source IN ('tasklist', 'todo') THEN num_nulls(path, line) = 0 AND num_nulls(number, url) = 2
             ELSE num_nulls(path, line) = 2 AND num_nulls(number, url) IN (0, 2)
        END
    ),
    -- A commit opens and closes what scans find; of the others GitHub says when, and who opened it is their author.
    DROP CONSTRAINT tasks_check,
    DROP CONSTRAINT tasks_check1,
    ADD CONSTRAINT tasks_opened_check CHECK (
        CASE WHEN source IN ('tasklist', 'todo') THEN num_nulls(opened_commit, opened_name, opened_email, opened_at) IN (0, 4)
             ELSE num_nulls(opened_commit, opened_name, opened_email) = 3
        END
    ),
    ADD CONSTRAINT tasks_closed_check CHECK (
        CASE WHEN source IN ('tasklist', 'todo') THEN num_nulls(closed_commit, closed_name, closed_email, closed_at) IN (0, 4)
             ELSE num_nulls(closed_commit, closed_name, closed_email) = 3
        END
    );
CREATE UNIQUE INDEX tasks_number ON tasks (tenant_id, repository_id, number) WHERE number IS NOT NULL;
-- A list of issues would else read all notes in comments on its way. Scans write nothing into it.
CREATE INDEX tasks_outside ON tasks (tenant_id, source, state, id) WHERE source IN ('issue', 'pull');

-- `open_tasks` and `done_tasks` are of task lists and issues together: what somebody means to do. A pull request is
-- work that is under way already, and is counted by itself; so are notes in comments.
ALTER TABLE repository_numbers ADD COLUMN open_pulls bigint NOT NULL DEFAULT 0;

-- What tasks have to do with each other.
CREATE TABLE task_links (
    tenant_id uuid NOT NULL,
    from_task uuid NOT NULL,
    to_task   uuid NOT NULL,
    -- A pull request closes an issue when it is merged.
    kind      text NOT NULL CHECK (kind = ANY (ARRAY['closes'])),
    PRIMARY KEY (tenant_id, from_task, to_task, kind),
    FOREIGN KEY (tenant_id, from_task) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, to_task) REFERENCES tasks (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX task_links_to ON task_links (tenant_id, to_task);
SELECT app_protect('task_links', 'tenant');
SELECT app_hide('task_links', 'from_task', 'tasks');
