INSERT INTO connections (tenant_id, id, kind, web_url, host, account, account_id, token, token_hint, version, created_by, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000311', 'token', 'https://github.com', 'github.com',
        'acme', 9919, 'key.BBBB', 'cdef', '00000000-0000-7000-8000-000000000312', 'Ada Lovelace', '2026-01-01');
