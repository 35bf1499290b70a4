"""What the gate asks of the graph, word for word."""

PAGE = 100

CHECK = """fragment One on IntentCheck {
  outcome enforcement severity explanation remediation blocking decisionPoint dueAt suspension
  policy { id key title owner { id name handle } }
  policyVersion { number longestExceptionDays }
  result { id }
  exception { id kind expiresAt }
}"""

INTENT = f"""fragment Whole on DeploymentIntent {{
  id status statusWhy reason stage requestedAt expiresAt subjectDigest
  model {{ id name tier registry {{ key }} owner {{ id name handle }} }}
  version {{ id name digest }}
  requestedBy {{ id name handle }}
  rollbackVersion {{ name }}
  approvalRequest {{
    id status rule openDisciplines dueAt subjectDigest
    signOffs(first: {PAGE}, filter: {{ live: true }}) {{ nodes {{
      decision discipline comment signedAt person {{ id name handle }}
    }} }}
  }}
  permits(first: 1) {{ nodes {{
    id envelope digest keyId issuedAt expiresAt revokedAt revokedWhy
  }} }}
  checks(first: {PAGE}) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...One }} }}
}} {CHECK}"""

REQUEST = f"""mutation($input: RequestDeploymentInput!) {{ requestDeployment(input: $input) {{
  __typename
  ... on DeploymentRequested {{ intent {{ ...Whole }} }}
  ... on Refusal {{ code why field }}
}} }} {INTENT}"""

AGAIN = f"""query($id: ID!) {{ node(id: $id) {{ ...Whole }} }} {INTENT}"""

LOOK = f"""query($id: ID!) {{ node(id: $id) {{ ... on DeploymentIntent {{
  status statusWhy
  approvalRequest {{ status openDisciplines signOffs(first: {PAGE}, filter: {{ live: true }}) {{ nodes {{
    decision discipline person {{ name handle }}
  }} }} }}
}} }} }}"""

MORE_CHECKS = f"""query($id: ID!, $after: String!) {{ node(id: $id) {{ ... on DeploymentIntent {{
  checks(first: {PAGE}, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...One }} }}
}} }} }} {CHECK}"""

APPROVERS = f"""query($id: ID!) {{ node(id: $id) {{ ... on ApprovalRequest {{ asked(first: {PAGE}) {{ nodes {{
  discipline fromAt untilAt awayUntil via {{ id }} person {{ id name handle disciplines }}
}} }} }} }} }}"""

REQUEST_EXCEPTION = (
    "mutation($i: RequestExceptionInput!) { requestException(input: $i) { __typename"
    " ... on ExceptionChanged { exception { id status expiresAt } } ... on Refusal { code why field } } }"
)
