INSERT INTO factors (account_id, sealed, created_at)
VALUES ('00000000-0000-7000-8000-000000000002', 'key.AAAA', '2026-01-01');
INSERT INTO recovery_codes (account_id, hash)
VALUES ('00000000-0000-7000-8000-000000000002', '\x07');
