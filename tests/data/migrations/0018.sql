INSERT INTO spent_secrets (hash, session_id, spent_at)
SELECT '\x02', id, '2026-01-01' FROM sessions LIMIT 1;
INSERT INTO signing_keys (id, public_key, sealed, created_at)
VALUES ('key', '\x03', 'key.AAAA', '2026-01-01');
