-- Indexes on columns that are mostly NULL, without the rows where they are: nobody looks for these, and the planner
-- cannot take such an index for the one of a key that begins with the tenant too.
DROP INDEX dependencies_internal;
CREATE INDEX dependencies_internal ON dependencies (tenant_id, internal_id) WHERE internal_id IS NOT NULL;
DROP INDEX submodules_source;
CREATE INDEX submodules_source ON submodules (tenant_id, source_key) WHERE source_key IS NOT NULL;
