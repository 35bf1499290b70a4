"""What `hub exception request` asks of the graph, word for word."""

from hub.cli.approvals.queries import AFTER, PAGE, REFUSAL

POLICY = """query($key: String!) { policy(key: $key) {
  id key title currentVersion { id number rationale longestExceptionDays }
} }"""

POLICIES = "{ policies(first: 100) { nodes { key } } }"

MODEL = """query($id: ID!) { viewer { id name handle } node(id: $id) { ... on Model { id name tier } } }"""

TEMPLATE = """query($slug: String!) { exceptionTemplate(slug: $slug) {
  slug title kind when treatment reviewEveryDays termDays
  sections(first: 20) { nodes { name title prompt } }
  controls(first: 20) { nodes { description attestEveryDays } }
  criteria(first: 20) { nodes { description } }
} }"""

TEMPLATES = "{ exceptionTemplates(first: 100) { nodes { slug title } } }"

SUGGEST = """query($policy: ID!, $model: ID!, $kind: ExceptionKind!) {
  exceptionSuggestion(policy: $policy, model: $model, kind: $kind) {
    granted rejected termDays
    controls(first: 3) { nodes { description attestEveryDays } } criteria(first: 3) { nodes { description } }
    rejections(first: 3) { nodes { decisionNote } }
  }
}"""

DRAFT = f"""mutation($input: DraftExceptionInput!) {{ draftException(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionDraftChanged {{ draft {{ id state says }} }}
}} }}"""

RULE = f"""query($model: ID!, $stage: Stage, $days: Int!, $risk: Severity!, $treatment: RiskTreatment!) {{
  approvalRuleForException(model: $model, stage: $stage, days: $days, riskAfter: $risk, treatment: $treatment) {{
    why rule {{ id }}
    steps(first: 20) {{ nodes {{ name quorum signers(first: {PAGE}) {{ nodes {{ id name handle }} }} }} }}
  }}
}}"""

DRAFTED = "fragment Drafted on ExceptionDraft { id state says updatedAt policy { key } model { name } }"

DRAFTS = f"""{{ exceptionDrafts(first: {PAGE}, filter: {{ state: [DRAFT] }}) {{
  totalCount nodes {{ ...Drafted }}
}} }} {DRAFTED}"""

DISCARD = f"""mutation($input: ExceptionDraftInput!) {{ discardExceptionDraft(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionDraftChanged {{ draft {{ ...Drafted }} }}
}} }} {DRAFTED}"""


MADE = f"""fragment Requested on PolicyException {{
  id status kind expiresAt reviewAt tier policy {{ key }} model {{ name }} version {{ name }}
  attachments(first: 20) {{ nodes {{ id name mediaType size sha256 path }} }}
  approvalRequest {{ ...After }}
}} {AFTER}"""


def _asking(field: str, kind: str) -> str:
    return f"""mutation($input: {kind}!) {{ {field}(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionChanged {{ exception {{ ...Requested }} }}
}} }} {MADE}"""


REQUEST = _asking("requestException", "RequestExceptionInput")
SUBMIT = _asking("submitException", "SubmitExceptionInput")
