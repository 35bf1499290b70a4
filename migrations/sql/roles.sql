-- The hub acts in one role and reads in another. They are made once for a whole server; several databases share them.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['hub_app', 'hub_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's migration was faster
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO hub_app, hub_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO hub_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO hub_app;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO hub_read;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO hub_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO hub_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO hub_read;

-- The audit trail is added to, never changed.
REVOKE UPDATE, DELETE, TRUNCATE ON events FROM hub_app;
REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM hub_app;
-- Secrets are not for the reading role: a credential never leaves by a query of the graph.
REVOKE SELECT ON registries, tokens FROM hub_read;
GRANT SELECT (id, person_id, label, prefix, scopes, created_at, expires_at, revoked_at, secret_hash) ON tokens TO hub_read;
GRANT SELECT (id, key, kind, name, base_url, enabled, every_s, next_sync_at, options, created_at) ON registries TO hub_read;
