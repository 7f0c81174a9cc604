-- Payloads are packed by the program: LZ4 in every case, also where this server was built without it.
-- How many bytes a packed payload has unpacked; without it, a payload is stored as it came.
ALTER TABLE deliveries ADD COLUMN size integer;
ALTER TABLE deliveries ALTER COLUMN payload SET STORAGE EXTERNAL;

-- The next delivery is found lane by lane, by the index of lanes.
DROP INDEX deliveries_ready;
