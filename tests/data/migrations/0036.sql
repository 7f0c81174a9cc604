INSERT INTO gaps (tenant_id, id, hook_id, reason, began_at, ended_at)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000361', '00000000-0000-7000-8000-000000000271', 'missed',
        '2026-01-01', '2026-01-02');
INSERT INTO missed_deliveries (tenant_id, hook_id, guid, attempt, event, delivered_at, gap_id)
VALUES ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000271', '72d3162e-cc78-11e3-81ab-4c9367dc0959', 7, 'issues',
        '2026-01-01', '00000000-0000-7000-8000-000000000361');
INSERT INTO receiver_beats (receiver, at) VALUES ('webhooks', '2026-01-01');
