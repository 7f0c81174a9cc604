INSERT INTO hooks (tenant_id, id, name, secret, created_by, created_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000271', 'acme', 'key.AAAA', 'Ada Lovelace', '2026-01-01');
INSERT INTO deliveries (tenant_id, id, hook_id, guid, event, lane, payload, received_at, run_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000272', '00000000-0000-7000-8000-000000000271',
        '72d3162e-cc78-11e3-81ab-4c9367dc0958', 'ping', 0, '\x7b7d', '2026-01-01', '2026-01-01');
