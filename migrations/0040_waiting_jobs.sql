-- Whether a job like another one waits already is looked up for each that is added.

ALTER TABLE jobs
    -- What the payload comes to: short enough for an index.
    ADD COLUMN content text GENERATED ALWAYS AS (md5(payload::text)) STORED;
-- Without the tenant, which the policies of a queue do not compare alone; lanes are named after what is an organisation's.
CREATE INDEX jobs_waiting ON jobs (lane, kind, content) WHERE state = 'queued';
