-- What nobody gives by a team or an invitation: more than they have themselves, now.

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

-- Whether a team says less of some repository than is said of all, to somebody who does not administer it:
-- taking people out of it, or the team away, would then be giving, and putting people in would be taking.
CREATE FUNCTION app_team_limits(team uuid) RETURNS boolean
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
          AND t.level < CASE WHEN r.restricted THEN 'none' ELSE 'write' END::access_level
          AND app_level_of(person, current_setting('app.role', true), r.id, r.restricted) < 'admin'
    ) INTO found;
    PERFORM set_config('app.hidden', coalesce(hidden, ''), true);
    RETURN found;
END
$$;

ALTER TABLE invitations
    -- Who invited; none where it was no person. No reference: the word ends with the membership.
    ADD COLUMN invited_by_id uuid;

-- Whether whoever invited may still do so: an invitation is their word, and ends with their right to give it.
CREATE FUNCTION app_invitation_stands(tenant uuid, inviter uuid, invited_as text) RETURNS boolean
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT inviter IS NULL OR EXISTS (
        SELECT FROM memberships m
        WHERE m.tenant_id = tenant
          AND m.account_id = inviter
          AND m.deactivated_at IS NULL
          AND app_rank(m.role) >= greatest(app_rank('admin'), app_rank(invited_as))
    );
END;
