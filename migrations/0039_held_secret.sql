-- What GitHub signs by while it has not been told of a hook's newest secret.

ALTER TABLE hooks
    -- Sealed. It counts as long as the one before the newest does, and goes as soon as GitHub was told of the
    -- newest.
    ADD COLUMN held_secret text;
