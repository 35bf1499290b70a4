-- Every name that somebody is known by, here and outside, in lower case.
CREATE VIEW person_names AS
    SELECT p.id AS person_id, lower(p.handle) AS name FROM people p
    UNION ALL
    SELECT p.id, lower(p.email) FROM people p WHERE p.email IS NOT NULL
    UNION ALL
    SELECT i.person_id, lower(i.subject) FROM identities i;
