"""What `hub exception` asks of the graph, word for word."""

PAGE = 100
SOME = 20

WHO = "fragment Who on Person { id name handle }"

LISTED = """fragment Listed on PolicyException {
  id kind status stage tier riskAfter weightedAgeDays daysLeft expiresAt reviewAt
  policy { key title } model { name } version { name } owner { ...Who }
}"""

HEAVIEST = [{"by": "WEIGHTED_AGE", "direction": "ASC"}]

LIST = f"""query($first: Int!, $filter: PolicyExceptionFilter!, $orderBy: [PolicyExceptionOrder!]!) {{
  exceptions(first: $first, filter: $filter, orderBy: $orderBy) {{
    totalCount nodes {{ ...Listed }}
  }}
}} {LISTED} {WHO}"""

VIEWER = f"{{ viewer {{ ...Who }} }} {WHO}"

POLICY = "query($key: String!) { policy(key: $key) { id } }"

ENDS = "query($id: ID!) { node(id: $id) { ... on PolicyException { id expiresAt } } }"

QUESTION = f"""fragment Question on ApprovalRequest {{
  id status tier stage subjectKind subjectDigest requestedAt dueAt pausedAt requestedBy {{ ...Who }}
  asked(first: {SOME}) {{ totalCount nodes {{ person {{ ...Who }} via {{ ...Who }} fromAt untilAt }} }}
}}"""

SHOWN = f"""query($id: ID!) {{
  viewer {{ ...Who roles }}
  node(id: $id) {{ ... on PolicyException {{
    ...Listed template justification riskBefore recommendedTreatment decidedTreatment ticketUrl
    requestedAt startsAt reviewEveryDays reviewedAt extensionsAllowed extensionsUsed suspendedFrom
    resolutionSuggestedAt decidedAt decisionNote endedAt endNote
    requestedBy {{ ...Who }} decidedBy {{ ...Who }} endedBy {{ ...Who }} renewedFrom {{ id }}
    controls(first: {SOME}) {{ nodes {{
      id description holds redSince attestEveryDays attestedAt attestationDueAt policy {{ key }} attestor {{ ...Who }}
      orphanedWhy
    }} }}
    criteria(first: {SOME}) {{ nodes {{ id description dueAt metAt metNote evidenceUrl policy {{ key }} }} }}
    approvals(first: 1) {{ nodes {{ ...Question }} }}
    extensions(first: {SOME}) {{ nodes {{
      id until wasExpiresAt state justification note requestedAt requestedBy {{ ...Who }}
      approvals(first: 1) {{ nodes {{ ...Question }} }}
    }} }}
    attachments(first: {SOME}) {{ nodes {{ id name mediaType size sha256 addedAt addedBy {{ ...Who }} }} }}
    reviews(first: {SOME}) {{ nodes {{ at dueAt verdict note reviewedBy {{ ...Who }} }} }}
    renewals(first: {SOME}) {{ nodes {{ id status }} }}
    events(first: {PAGE}) {{ totalCount nodes {{ kind at actor {{ ...Who }} }} }}
  }} }}
}} {LISTED} {QUESTION} {WHO}"""

FILE = """query($id: ID!) { node(id: $id) { ... on ExceptionAttachment {
  id name sha256 path exception { id }
} } }"""

REFUSAL = "... on Refusal { code why field }"

AFTER = """fragment After on PolicyException {
  ...Listed extensionsUsed extensionsAllowed endNote
}"""


def _changing(field: str, kind: str) -> str:
    return f"""mutation($input: {kind}!) {{ {field}(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionChanged {{ exception {{ ...After }} }}
}} }} {AFTER} {LISTED} {WHO}"""


WITHDRAW = _changing("withdrawException", "WithdrawExceptionInput")
REVOKE = _changing("revokeException", "RevokeExceptionInput")
RESOLVE = _changing("resolveException", "ResolveExceptionInput")
ASSIGN = _changing("assignException", "AssignExceptionInput")
HAND = _changing("handControl", "HandControlInput")
ATTEST = _changing("attestControl", "AttestControlInput")
CONFIRM = _changing("confirmCriterion", "ConfirmCriterionInput")
REOPEN = _changing("reopenCriterion", "ReopenCriterionInput")

ATTACH = f"""mutation($input: AttachFilesInput!) {{ attachFiles(input: $input) {{
  __typename {REFUSAL}
  ... on FilesAttached {{ askedAnew {{ id }} exception {{
    id status attachments(first: {SOME}) {{ nodes {{ id name mediaType size sha256 path }} }}
  }} }}
}} }}"""

EXTEND = f"""mutation($input: ExtendExceptionInput!) {{ extendException(input: $input) {{
  __typename {REFUSAL}
  ... on ExtensionAsked {{ extension {{
    id until wasExpiresAt state exception {{ ...After }} approvals(first: 1) {{ nodes {{ ...Question }} }}
  }} }}
}} }} {QUESTION} {AFTER} {LISTED} {WHO}"""

REVIEW = f"""mutation($input: ReviewExceptionInput!) {{ reviewException(input: $input) {{
  __typename {REFUSAL}
  ... on ExceptionReviewed {{ review {{ id at dueAt verdict note exception {{ ...After }} }} }}
}} }} {AFTER} {LISTED} {WHO}"""
