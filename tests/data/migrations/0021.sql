INSERT INTO rate_limits (key, whole_at) VALUES ('\x04', '2026-01-01');
