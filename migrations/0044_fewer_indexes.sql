-- Each index is written once more when a delivery comes, is claimed and ends. What only serves lists waits until
-- it has ended.
DROP INDEX deliveries_state;
DROP INDEX deliveries_event;
DROP INDEX deliveries_finished;
CREATE INDEX deliveries_finished ON deliveries (state, finished_at, tenant_id) WHERE state IN ('done', 'dead');
CREATE INDEX deliveries_dead ON deliveries (id) WHERE state = 'dead';
CREATE INDEX deliveries_event ON deliveries (event, tenant_id) WHERE state IN ('done', 'dead');
