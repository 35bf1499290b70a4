-- The reading role sees which keys there are, and never what is sealed.
REVOKE SELECT ON signing_keys FROM hub_read;
GRANT SELECT (id, key_id, public_key, created_at, retired_at) ON signing_keys TO hub_read;
-- Documents that rules saw, and reports that were sent, are added to and never rewritten.
REVOKE DELETE, TRUNCATE ON check_inputs, check_results, evidence FROM hub_app;
REVOKE UPDATE ON check_results, evidence FROM hub_app;
