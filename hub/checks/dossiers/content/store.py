"""The SQL of what a dossier says: one JSON document, of the sections that a reviewer reads.

The fragments speak of what hub.checks.dossiers.bound.store sets up, and of `a.at`, the instant as of which exceptions
count. Lists are in an order of their own, so that the same content is the same text.
"""

from hub.checks.dossiers.bound.store import AROUND, CHECKS, PARTS, POLICIES, RULE, digest
from hub.checks.store import DECIDES, INSTANT
from hub.models.tables import ModelCard
from hub.policies.document import FIELDS

FORM = 1
"""The form of the document, its field `form`."""

SECTIONS = tuple(name for name in ModelCard.model_fields if name in FIELDS["card"])
"""A card's sections, in the order of Mitchell et al. 2019."""


def _instant(of: str) -> str:
    return f"to_char({of} AT TIME ZONE 'UTC', {INSTANT})"


def _person(of: str) -> str:
    return f"(SELECT jsonb_build_object('handle', h.handle, 'name', h.name) FROM people h WHERE h.id = {of})"


def _tags(table: str, owner: str, of: str) -> str:
    return f"(SELECT coalesce(jsonb_object_agg(g.key, g.value), '{{}}') FROM {table} g WHERE g.{owner} = {of})"


def _listed(made: str, order: str, rows: str) -> str:
    return f"(SELECT coalesce(jsonb_agg({made} ORDER BY {order}), '[]') {rows})"


_MODEL = f"""jsonb_build_object(
    'name', m.name, 'description', m.description,
    'registry', (SELECT g.key FROM registries g WHERE g.id = m.registry_id),
    'tier', m.tier, 'tier_why', m.tier_why, 'owner', {_person("m.owner_id")}, 'owner_hint', m.owner_hint,
    'team', (SELECT jsonb_build_object('key', t.key, 'name', t.name) FROM teams t WHERE t.id = m.team_id),
    'restricted', m.restricted, 'missing', m.missing_since IS NOT NULL,
    'tags', {_tags("model_tags", "model_id", "m.id")})"""

_VERSION = f"""jsonb_build_object(
    'name', v.name, 'digest', v.digest, 'description', v.description, 'stage', v.stage, 'status', v.status,
    'author', coalesce(v.author, r.author), 'code_commit', r.code_commit, 'source_uri', v.source_uri,
    'artifact_uri', v.artifact_uri, 'params', v.params, 'signature', v.signature,
    'run', CASE WHEN r.id IS NOT NULL THEN jsonb_build_object(
        'external_id', r.external_id, 'name', r.name, 'status', r.status, 'author', r.author) END,
    'aliases', {_listed("g.name", "g.name", "FROM version_aliases g WHERE g.version_id = v.id")},
    'tags', {_tags("version_tags", "version_id", "v.id")},
    'missing', v.missing_since IS NOT NULL, 'created_at', {_instant("v.created_at")})"""

_CARD_TEXTS = f"""(
    SELECT coalesce(jsonb_object_agg(s.name, s.text) FILTER (WHERE btrim(s.text) <> ''), '{{}}')
    FROM (VALUES {", ".join(f"('{name}', c.{name})" for name in SECTIONS)}) s (name, text))"""

# A section is wanted when a policy in force reads it, for this tier and stage.
_CARD_WANTED = f"""(
    SELECT coalesce(jsonb_agg(DISTINCT split_part(one, '.', 2)), '[]')
    FROM (SELECT unnest(w.reads) AS one {POLICIES}) asked WHERE one LIKE 'card.%')"""

# A version and its run are one step for whoever reads, also where only the run's own edges are known. Of other versions
# upstream nothing is told that not everybody may see.
_WALKED = """(
    SELECT DISTINCT ON (w.id) w.* FROM (
        SELECT l.id, l.kind, l.role, l.depth FROM lineage_walk(v.id, true, NULL) l
        UNION ALL
        SELECT l.id, l.kind, l.role, l.depth + 1 FROM lineage_walk(v.run_id, true, NULL) l
        WHERE NOT EXISTS (SELECT FROM lineage_edges e WHERE e.to_id = v.id AND e.from_id = v.run_id)) w
    WHERE w.id <> v.id AND w.id IS DISTINCT FROM v.run_id
    ORDER BY w.id, w.depth)"""

_DATASETS = _listed(
    f"""jsonb_build_object(
        'namespace', d.namespace, 'name', d.name, 'digest', d.digest, 'role', w.role, 'depth', w.depth,
        'source_kind', d.source_kind, 'source', d.source,
        'is_source', NOT EXISTS (SELECT FROM lineage_edges e WHERE e.to_id = d.id),
        'described', x.id IS NOT NULL, 'categories', x.categories, 'source_name', x.source_name,
        'legal_basis', x.legal_basis, 'consent', x.consent, 'licence', x.licence,
        'prohibited', coalesce(x.prohibited, false), 'note', x.note,
        'described_by', {_person("x.described_by")})""",
    "w.depth, d.namespace, d.name, d.digest, d.id",
    f"""FROM {_WALKED} w JOIN datasets d ON d.id = w.id
        LEFT JOIN dataset_descriptions x ON x.namespace = d.namespace AND x.name = d.name""",
)
_RUNS = _listed(
    """jsonb_build_object('name', n.name, 'external_id', n.external_id, 'status', n.status, 'author', n.author,
        'code_commit', n.code_commit, 'role', w.role, 'depth', w.depth)""",
    "w.depth, n.external_id, n.id",
    f"FROM {_WALKED} w JOIN runs n ON n.id = w.id",
)
_VERSIONS = _listed(
    """CASE WHEN y.restricted THEN jsonb_build_object('restricted', true, 'role', w.role, 'depth', w.depth)
        ELSE jsonb_build_object('name', y.name || ' ' || u.name, 'digest', u.digest, 'role', w.role, 'depth', w.depth)
        END""",
    "w.depth, u.id",
    f"FROM {_WALKED} w JOIN model_versions u ON u.id = w.id JOIN models y ON y.id = u.model_id",
)

_METRICS = _listed(
    """jsonb_build_object('name', x.name, 'segment', x.segment, 'value', x.value, 'value_text', x.value_text,
        'dataset', (SELECT d.name FROM datasets d WHERE d.id = x.dataset_id))""",
    "x.name, x.segment, x.id",
    "FROM version_metrics x WHERE x.version_id = v.id",
)

_EVIDENCE = _listed(
    f"""jsonb_build_object(
        'id', e.id, 'kind', e.kind, 'verdict', e.verdict, 'title', e.title, 'tool', e.tool, 'source', e.source,
        'figures', e.figures, 'digest', e.digest, 'current', e.version_digest = v.digest,
        'reproduces', jsonb_build_object('code_commit', e.code_commit, 'data_digest', e.data_digest, 'seed', e.seed,
            'environment', e.environment, 'command', e.command),
        'repeated', e.repeated, 'disputed', e.disputed, 'measured_at', {_instant("e.measured_at")},
        'added_at', {_instant("e.added_at")}, 'added_by', {_person("e.added_by")})""",
    "e.kind, e.measured_at DESC, e.id DESC",
    """FROM (SELECT y.*, bool_or(y.repeats_id IS NOT NULL) OVER (PARTITION BY y.kind, y.experiment) AS repeated,
                    bool_or(y.disagrees_with_id IS NOT NULL) OVER (PARTITION BY y.kind, y.experiment) AS disputed
             FROM evidence y WHERE y.version_id = v.id) e""",
)

_CHECKED = _listed(
    f"""jsonb_build_object(
        'policy', p.key, 'title', w.title, 'outcome', k.outcome, 'enforcement', n.enforcement, 'severity', n.severity,
        'explanation', k.explanation, 'decides', {DECIDES.format(inputs="k.inputs")}, 'rationale', w.rationale,
        'remediation', w.remediation, 'wording', w.number, 'exception', k.exception_id, 'result', k.id,
        'due_at', {_instant("n.due_at")}, 'evaluated_at', {_instant("k.evaluated_at")})""",
    "p.key",
    CHECKS.replace("WHERE", "JOIN policies p ON p.id = k.policy_id\nWHERE", 1),
)
_NOT_ASKED = _listed(
    "jsonb_build_object('policy', p.key, 'title', w.title, 'enforcement', w.enforcement, 'severity', w.severity)",
    "p.key",
    f"""{POLICIES} AND NOT w.reads && ARRAY['deployment', 'deployment.approved']::varchar[] AND NOT EXISTS (
        SELECT FROM compliance n WHERE n.version_id = v.id AND n.policy_id = p.id AND n.stage = a.stage)""",
)

# There is no such field where nothing is attached: a dossier is the text that it was before there were attachments.
_ATTACHED = """(
    SELECT CASE WHEN count(*) > 0 THEN jsonb_build_object('attachments', jsonb_agg(jsonb_build_object(
        'id', f.id, 'name', f.name, 'size', f.size, 'media_type', f.media_type, 'sha256', f.sha256)
        ORDER BY f.name, f.sha256)) ELSE '{}' END
    FROM exception_attachments f WHERE f.exception_id = x.id)"""

_EXCEPTIONS = _listed(
    f"""jsonb_build_object(
        'id', x.id, 'policy', p.key, 'title', p.title, 'kind', x.kind,
        'treatment', coalesce(x.decided_treatment, x.recommended_treatment), 'justification', x.justification,
        'risk_before', x.risk_before, 'risk_after', x.risk_after, 'stage', x.stage,
        'acceptance_criteria', (SELECT coalesce(jsonb_agg(q.description ORDER BY q.id), '[]')
                                FROM acceptance_criteria q WHERE q.exception_id = x.id),
        'every_version', x.version_id IS NULL, 'owner', {_person("x.owner_id")},
        'requested_by', {_person("x.requested_by")}, 'decided_by', {_person("x.decided_by")},
        'starts_at', {_instant("x.starts_at")}, 'expires_at', {_instant("x.expires_at")},
        'review_at', {_instant("x.review_at")},
        'controls', (SELECT coalesce(jsonb_agg(o.description ORDER BY o.id), '[]')
                     FROM compensating_controls o WHERE o.exception_id = x.id)) || {_ATTACHED}""",
    "p.key, x.expires_at, x.id",
    """FROM policy_exceptions x JOIN policies p ON p.id = x.policy_id
       WHERE x.model_id = v.model_id AND (x.version_id IS NULL OR x.version_id = v.id)
         AND (x.stage IS NULL OR x.stage = a.stage)
         AND exception_status(x.state, x.starts_at, x.expires_at, x.suspended_from, a.at) = 'ACTIVE'""",
)


def _count(of: str, holds: str) -> str:
    return f"(SELECT count(*) FROM jsonb_array_elements({of}) e WHERE {holds})"


_OPEN = """(
    SELECT coalesce(jsonb_object_agg(o.outcome, o.severities), '{}') FROM (
        SELECT s.outcome, jsonb_object_agg(s.severity, s.n) AS severities FROM (
            SELECT e->>'outcome' AS outcome, e->>'severity' AS severity, count(*) AS n
            FROM jsonb_array_elements(s.checks) e WHERE e->>'outcome' IN ('FAIL', 'ERROR', 'WAIVED') GROUP BY 1, 2) s
        GROUP BY s.outcome) o)"""

_RISK = f"""jsonb_build_object(
    'tier', m.tier, 'treated_as', CASE m.tier WHEN 'UNCLASSIFIED' THEN 'HIGH' ELSE m.tier END, 'why', m.tier_why,
    'open', {_OPEN},
    'blocking', {_count("s.checks", "e->>'enforcement' = 'BLOCKING' AND e->>'outcome' IN ('FAIL', 'ERROR')")},
    'prohibited_datasets', {_count("s.datasets", "(e->>'prohibited')::boolean")},
    'undescribed_datasets', {_count("s.datasets", "NOT (e->>'described')::boolean")},
    'disputed_evidence', {_count("s.evidence", "(e->>'disputed')::boolean")})"""

_CARD = f"""jsonb_build_object(
    'digest', c.digest, 'updated_at', {_instant("c.updated_at")}, 'sections', s.card,
    'completeness', jsonb_build_object(
        'filled', (SELECT count(*) FROM jsonb_object_keys(s.card)), 'of', {len(SECTIONS)},
        'missing', to_jsonb(ARRAY{list(SECTIONS)}) - ARRAY(SELECT jsonb_object_keys(s.card)),
        'wanted', s.wanted, 'wanting', s.wanted - ARRAY(SELECT jsonb_object_keys(s.card))))"""

CONTENT = f"""{AROUND}
CROSS JOIN LATERAL (SELECT {PARTS} AS parts, {_CARD_TEXTS} AS card, {_CARD_WANTED} AS wanted, {_DATASETS} AS datasets,
    {_EVIDENCE} AS evidence, {_CHECKED} AS checks OFFSET 0) s
CROSS JOIN LATERAL (SELECT {digest("s.parts")} AS digest, jsonb_build_object(
    'form', {FORM}, 'stage', a.stage,
    'rule', (SELECT to_jsonb(u) - 'id' {RULE}),
    'binds_to', s.parts, 'model', {_MODEL}, 'version', {_VERSION}, 'card', {_CARD},
    'lineage', jsonb_build_object('datasets', s.datasets, 'runs', {_RUNS}, 'versions', {_VERSIONS}),
    'metrics', {_METRICS}, 'evidence', s.evidence, 'checks', s.checks, 'not_asked', {_NOT_ASKED},
    'risk', {_RISK}, 'exceptions', {_EXCEPTIONS}) AS content OFFSET 0) d"""
"""Joins to `a`: `d.digest`, that of what a decision binds to, and `d.content`. Each is made once a row."""

CONTENT_DIGEST = "encode(sha256(convert_to(d.content::text, 'UTF8')), 'hex')"
"""SHA-256 of the document's exact text."""

CONTENT_BYTES = "octet_length(d.content::text)"
