INSERT INTO provider_credentials (provider, web_url, client_id, client_secret, client_secret_hint, version, set_by, set_at)
VALUES ('github', 'https://github.com', 'Iv1.1', 'key.AAAA', '…abcd', '00000000-0000-7000-8000-000000000261', 'Ada', '2026-01-01');
INSERT INTO identities (provider, subject, account_id, login, created_at, used_at, checked_at)
VALUES ('https://accounts.google.com', '1', '00000000-0000-7000-8000-000000000002', 'ada@example.com', '2026-01-01', '2026-01-01', '2026-01-01');
