-- What was missed of what GitHub has told, and how it came back.

ALTER TABLE hooks
    -- Until when GitHub's log of its deliveries has been read, when that was done last, and when it is next.
    ADD COLUMN swept_through timestamptz,
    ADD COLUMN swept_at      timestamptz,
    ADD COLUMN sweep_due_at  timestamptz,
    -- Why GitHub's log could not be read last, for people.
    ADD COLUMN sweep_error   text;

-- A time in which deliveries were missed: the server was down, or GitHub's log shows some that did not come.
CREATE TABLE gaps (
    tenant_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    id        uuid NOT NULL,
    -- Of one that GitHub's log shows, the hook.
    hook_id   uuid,
    reason    text NOT NULL CHECK (reason IN ('down', 'missed')),
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz NOT NULL CHECK (ended_at >= began_at),
    -- Since when all of it is here again, as far as GitHub has kept it.
    whole_at  timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX gaps_open ON gaps (tenant_id) WHERE whole_at IS NULL;
SELECT app_protect('gaps', 'tenant');

CREATE TABLE missed_deliveries (
    tenant_id    uuid NOT NULL,
    hook_id      uuid NOT NULL,
    guid         text NOT NULL CHECK (length(guid) BETWEEN 1 AND 100),
    -- GitHub's number of the last attempt.
    attempt      bigint NOT NULL,
    event        text NOT NULL CHECK (length(event) BETWEEN 1 AND 100),
    delivered_at timestamptz NOT NULL,
    gap_id       uuid NOT NULL,
    -- When GitHub was asked to deliver it again.
    asked_at     timestamptz,
    came_at      timestamptz,
    -- Whether GitHub delivered it again or it was read from GitHub's log.
    way          text CHECK (way IN ('redelivered', 'read')),
    -- Why it does not come back.
    lost         text,
    PRIMARY KEY (tenant_id, hook_id, guid),
    FOREIGN KEY (tenant_id, gap_id) REFERENCES gaps ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, hook_id) REFERENCES hooks ON DELETE CASCADE,
    CHECK ((came_at IS NULL) = (way IS NULL))
);
CREATE INDEX missed_deliveries_gap ON missed_deliveries (tenant_id, gap_id);
CREATE INDEX missed_deliveries_out ON missed_deliveries (tenant_id, hook_id, delivered_at)
    WHERE came_at IS NULL AND lost IS NULL;
SELECT app_protect('missed_deliveries', 'tenant');
SELECT app_hide('missed_deliveries', 'hook_id', 'hooks');

-- When the server was last there to take deliveries.
CREATE TABLE receiver_beats (
    receiver text PRIMARY KEY CHECK (length(receiver) BETWEEN 1 AND 100),
    at       timestamptz NOT NULL
);
SELECT app_protect('receiver_beats', 'system');
