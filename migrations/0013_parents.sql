-- Few rows have a parent; the others need no place in an index, nor should the planner think of it for them.
DROP INDEX tasks_parent;
CREATE INDEX tasks_parent ON tasks (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
DROP INDEX projects_parent;
CREATE INDEX projects_parent ON projects (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
