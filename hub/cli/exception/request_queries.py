"""What `hub exception request` asks of the graph, word for word."""

from hub.cli.approvals.queries import AFTER, REFUSAL

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

REQUEST = f"""mutation($input: RequestExceptionInput!) {{ requestException(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionChanged {{ exception {{
    id status kind expiresAt reviewAt tier policy {{ key }} model {{ name }} version {{ name }}
    approvalRequest {{ ...After }}
  }} }}
}} }} {AFTER}"""
