INSERT INTO connection_attempts (tenant_id, id, state_hash, sealed, created_at, expires_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000321', '\xabcd', 'key.CCCC', '2026-01-01', '2026-01-02');
