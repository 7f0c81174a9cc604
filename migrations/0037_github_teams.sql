-- Teams that are GitHub's: kept as they are there.
ALTER TABLE teams
    ADD COLUMN github_host    text CHECK (length(github_host) BETWEEN 1 AND 255),
    -- GitHub's numbers of the organisation there, and of the team.
    ADD COLUMN github_account bigint,
    ADD COLUMN github_id      bigint,
    ADD CHECK (num_nulls(github_host, github_account, github_id) IN (0, 3)),
    ADD UNIQUE (tenant_id, github_host, github_id);

ALTER TABLE connections
    -- When GitHub's teams were read last, and why they could not be, for people.
    ADD COLUMN teams_read_at timestamptz,
    ADD COLUMN teams_error   text;
