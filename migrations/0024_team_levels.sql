-- Whether a team was given more, in some repository, than whoever acts has there: putting people into it
-- would be giving what one has not. Looks at repositories that are hidden from them too.
CREATE FUNCTION app_team_exceeds(team uuid) RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
    hidden text := current_setting('app.hidden', true);
    person uuid := nullif(current_setting('app.user_id', true), '')::uuid;
    found boolean;
BEGIN
    PERFORM set_config('app.hidden', '{}', true);
    SELECT EXISTS (
        SELECT FROM repository_teams t
        JOIN repositories r ON r.id = t.repository_id
        WHERE t.team_id = team
          AND t.level > app_level_of(person, current_setting('app.role', true), r.id, r.restricted)
    ) INTO found;
    PERFORM set_config('app.hidden', coalesce(hidden, ''), true);
    RETURN found;
END
$$;
