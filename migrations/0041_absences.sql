-- The server may have been there while its database was not: that is not a time in which it was down.

ALTER TABLE gaps
    DROP CONSTRAINT gaps_reason_check,
    ADD CONSTRAINT gaps_reason_check CHECK (reason IN ('down', 'database', 'missed'));
