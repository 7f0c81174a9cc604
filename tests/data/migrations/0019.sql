INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
VALUES ('github', '1', '00000000-0000-7000-8000-000000000002', 'ada', '2026-01-01', '2026-01-01', '2026-01-01');
INSERT INTO sign_in_attempts (state_hash, browser_hash, provider, sealed, next, created_at, expires_at)
VALUES ('\x04', '\x05', 'github', 'key.AAAA', '/', '2026-01-01', '2026-01-01');
INSERT INTO invitations (tenant_id, id, login, role, secret_hash, invited_by, created_at, expires_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000191', 'ben', 'member', '\x06', 'Ada Lovelace', '2026-01-01', '2026-01-08');
