"""The SQL of what a decision about a version binds to, part by part, and of whose work the version is.

The fragments speak of `a` (a version's id and a stage), and of what stands in AROUND: `v`, its model `m`, card `c` and
run `r`.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from hub.db import Tx
from hub.models.tables import Stage
from hub.statements import sql

AROUND = """
JOIN model_versions v ON v.id = a.version_id
JOIN models m ON m.id = v.model_id
LEFT JOIN model_cards c ON c.version_id = v.id
LEFT JOIN runs r ON r.id = v.run_id
"""

# What is asked only of a version in use is no part of what people decide.
_DECIDED = "w.decision_points && ARRAY['REGISTER', 'PROMOTE', 'DEPLOY']::varchar[]"

POLICIES = f"""
FROM policy_bindings b
JOIN policies p ON p.id = b.policy_id AND p.status IN ('PUBLISHED', 'DEPRECATED')
JOIN policy_versions w ON w.id = p.current_version_id
WHERE b.model_id = v.model_id AND (cardinality(w.stages) = 0 OR a.stage = ANY (w.stages)) AND {_DECIDED}"""
"""The policies in force for the version and stage."""

# A check that looks at whether the version was approved is left out: approval itself would change what was approved.
_COUNTING = f"""
JOIN policy_versions w ON w.id = n.policy_version_id
WHERE n.version_id = v.id AND n.stage = a.stage AND {_DECIDED}
  AND NOT w.reads && ARRAY['deployment', 'deployment.approved']::varchar[]"""

CHECKS = f"""
FROM compliance n
JOIN check_results k ON k.id = n.result_id{_COUNTING}"""
"""The results that a decision looks at."""

RULE = """
FROM approval_rules u WHERE u.id = approval_rule('version', m.tier, a.stage, m.id)"""
"""The row of the approval matrix that applies."""


def sha256(of: str) -> str:
    """The digest, in hex, of a value's text; of the text `null` where there is none."""
    return f"encode(sha256(convert_to(coalesce(({of})::text, 'null'), 'UTF8')), 'hex')"


# jsonb's text is the same for the same content on every server: keys once and in order, numbers as they were written.
# Results enter by what they say, not by when they were made.
PARTS = f"""jsonb_build_object(
    'version', {sha256("jsonb_build_array(v.digest, v.missing_since IS NOT NULL)")},
    'card', coalesce(c.digest, ''),
    'checks', {sha256(f"SELECT string_agg(n.result_digest, ' ' ORDER BY n.policy_id) FROM compliance n {_COUNTING}")},
    'evidence', {
    sha256('''SELECT jsonb_agg(jsonb_build_array(e.kind, e.digest) ORDER BY e.kind, e.digest)
              FROM evidence e WHERE e.version_id = v.id''')
},
    'policies', {sha256(f"SELECT jsonb_agg(p.current_version_id ORDER BY p.id) {POLICIES}")},
    'stage', a.stage,
    'approval rule', {
    sha256(f'''SELECT jsonb_build_object('tier', u.tier, 'tag', u.tag, 'steps', u.steps) {RULE}''')
})"""


def digest(parts: str) -> str:
    """The digest of parts, as hub.events.canonical.digest_of makes it: names and hex digests need no more care."""
    return sha256(f"""SELECT '{{' || string_agg(to_json(d.key)::text || ':' || to_json(d.value)::text, ','
        ORDER BY d.key COLLATE "C") || '}}' FROM jsonb_each_text({parts}) d""")


# Tags in which tools write down whose commits a version was made from. Who reviewed it is not among them.
COMMITTERS = (
    "author",
    "author.email",
    "co-authors",
    "coauthors",
    "code.author",
    "committer",
    "contributors",
    "git.author",
    "git.author.email",
    "git.author.name",
    "git.committer",
    "git.committer.email",
    "git.committer.name",
    "mlflow.source.git.author",
    "mlflow.source.git.commit.author",
    "mlflow.source.git.committer",
    "mlflow.user",
)

# Each name for itself; of "Ada Lovelace <ada@example.com>" both the name and the address.
_NAMES = r"""ARRAY(
    SELECT DISTINCT btrim(one) FROM (
        SELECT v.author AS one UNION ALL SELECT r.author
        UNION ALL
        SELECT regexp_split_to_table(g.value, '[,;<>\n]')
        FROM version_tags g WHERE g.version_id = v.id AND lower(g.key) = ANY (:committers)) named
    WHERE btrim(one) <> '')"""

_PEOPLE = """ARRAY(
    SELECT DISTINCT e.added_by FROM evidence e JOIN people p ON p.id = e.added_by AND p.kind = 'HUMAN'
    WHERE e.version_id = v.id)"""

_BOUND = f"""
SELECT v.id AS version_id, a.stage, v.model_id, m.name AS model, v.name AS version, m.tier, {PARTS}::text AS parts,
    {_NAMES} AS authors, {_PEOPLE} AS contributors
FROM {{asked}} AS a (version_id, stage)
{AROUND}
"""

# One statement for any number of dossiers. That of one is planned once and for all: how many an array holds is not
# known before, and to plan takes longer than to run.
_MANY = sql(_BOUND.format(asked="unnest(CAST(:versions AS uuid[]), CAST(:stages AS text[]))"))
_ONE = sql(_BOUND.format(asked="(VALUES (CAST(:version AS uuid), CAST(:stage AS text)))"))


async def bound(tx: Tx, wanted: Collection[tuple[UUID, Stage]]) -> list[Mapping[str, Any]]:
    """What decisions bind to, by version and stage, and whose work it is; a version that is not there is absent."""
    values: dict[str, Any] = {"committers": COMMITTERS}
    if len(wanted) == 1:
        ((values["version"], values["stage"]),) = wanted
        return [dict(row) for row in await tx.fetch(_ONE, values)]
    values["versions"] = [version_id for version_id, _ in wanted]
    values["stages"] = [stage.value for _, stage in wanted]
    return [dict(row) for row in await tx.fetch(_MANY, values)]
