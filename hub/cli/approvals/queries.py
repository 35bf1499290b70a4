"""What `hub approvals` asks of the graph about requests, word for word."""

PAGE = 100

WHO = "fragment Who on Person { id name handle }"

LISTED = """fragment Listed on ApprovalRequest {
  id title subjectKind status tier stage rule step openDisciplines lacking requestedAt dueAt pausedAt
  requestedBy { ...Who } model { name }
}"""

PUT = "fragment Put on ApprovalRequest { subjectDigest statusWhy reason acknowledgement late decidedAt }"

INBOX = f"""query($first: Int!) {{ viewer {{ ...Who }} inbox(first: $first) {{ totalCount nodes {{
  discipline dueAt via {{ ...Who }} request {{ ...Listed }}
}} }} }} {LISTED} {WHO}"""

VIEWER = f"{{ viewer {{ ...Who }} }} {WHO}"

REQUESTS = f"""query($first: Int!, $filter: ApprovalRequestFilter!) {{
  approvalRequests(first: $first, filter: $filter) {{ totalCount nodes {{ ...Listed }} }}
}} {LISTED} {WHO}"""

ASKED = f"""fragment Asked on ApprovalRequest {{ asked(first: {PAGE}) {{ totalCount nodes {{
  discipline fromAt untilAt awayUntil person {{ ...Who }} via {{ ...Who }}
}} }} }}"""

ANSWERED = f"""fragment Answered on ApprovalRequest {{
  signOffs(first: {PAGE}, orderBy: [{{ by: SIGNED_AT }}]) {{ totalCount nodes {{
    decision step discipline comment channel signedAt person {{ ...Who }} onBehalfOf {{ ...Who }}
  }} }}
  live: signOffs(first: {PAGE}, filter: {{ live: true }}) {{ nodes {{ decision step person {{ id }} }} }}
}}"""

CHANGED = "fragment Changed on DossierChanges { words version { name } against { id status decidedAt } }"

SIGNALLED = """fragment Signalled on ApprovalRequest {
  readingS signals(first: 20) { nodes { kind words person { id } } }
}"""

SAID = f"""fragment Said on ApprovalRequest {{ comments(last: {PAGE}) {{ totalCount nodes {{
  kind internal body at afterDecision person {{ ...Who }}
}} }} }}"""

SHOWN = f"""query($id: ID!) {{
  viewer {{ ...Who }}
  node(id: $id) {{ ... on ApprovalRequest {{
    ...Listed ...Asked ...Answered
    ...Put ...Said ...Signalled
    dossier {{ text contentDigest madeAt version {{ id name }} }}
    changesSinceApproved {{ ...Changed }}
    changesSincePrevious {{ ...Changed }}
    changesSinceAsked {{ ...Changed }}
  }} }}
}} {PUT} {SAID} {SIGNALLED} {ASKED} {ANSWERED} {CHANGED} {LISTED} {WHO}"""

TO_SIGN = f"""query($id: ID!) {{
  viewer {{ ...Who }}
  node(id: $id) {{ ... on ApprovalRequest {{ ...Listed ...Put ...Signalled }} }}
}} {PUT} {SIGNALLED} {LISTED} {WHO}"""

REFUSAL = "... on Refusal { code why field }"

AFTER = f"""fragment After on ApprovalRequest {{
  ...Listed ...Asked statusWhy decidedAt dossier {{ version {{ id }} }}
}} {ASKED} {LISTED} {WHO}"""

SIGN = f"""mutation($input: SignApprovalInput!) {{ signApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalSigned {{ signOff {{
    id decision discipline signedAt onBehalfOf {{ ...Who }} request {{ ...After }}
  }} }}
}} }} {AFTER}"""

UNSIGN = f"""mutation($input: WithdrawSignOffInput!) {{ withdrawSignOff(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalSigned {{ signOff {{ id decision request {{ ...After }} }} }}
}} }} {AFTER}"""

WITHDRAW = f"""mutation($input: WithdrawApprovalInput!) {{ withdrawApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalChanged {{ request {{ ...After }} }}
}} }} {AFTER}"""

REQUEST = f"""mutation($input: RequestApprovalInput!) {{ requestApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalRequested {{ request {{ ...After }} }}
}} }} {AFTER}"""

REQUEST_CARD = f"""mutation($input: RequestCardApprovalInput!) {{ requestCardApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalRequested {{ request {{ ...After }} }}
}} }} {AFTER}"""

INTENTS = """query($version: ID!, $stage: Stage!) {
  deploymentIntents(first: 10, filter: { version: $version, stage: [$stage] }) { nodes {
    id status statusWhy approvalRequest { id } permits(first: 1) { nodes { id expiresAt revokedAt } }
  } }
}"""

DELEGATED = """fragment Delegated on Delegation {
  id disciplines stages reason startsAt endsAt revokedAt giver { ...Who } taker { ...Who } model { name }
}"""

DELEGATE = f"""mutation($input: DelegateInput!) {{ delegate(input: $input) {{
  __typename {REFUSAL}
  ... on DelegationChanged {{ delegation {{ ...Delegated }} }}
}} }} {DELEGATED} {WHO}"""

REVOKE = f"""mutation($input: RevokeDelegationInput!) {{ revokeDelegation(input: $input) {{
  __typename {REFUSAL}
  ... on DelegationChanged {{ delegation {{ ...Delegated }} }}
}} }} {DELEGATED} {WHO}"""

MINE = f"""query($first: Int!) {{ viewer {{
  given: delegationsGiven(first: $first) {{ nodes {{ ...Delegated }} }}
  taken: delegationsTaken(first: $first) {{ nodes {{ ...Delegated }} }}
}} }} {DELEGATED} {WHO}"""

DELEGATIONS = f"""query($first: Int!) {{ delegations(first: $first) {{ nodes {{ ...Delegated }} }} }}
{DELEGATED} {WHO}"""

ABSENT = "fragment Absent on Absence { id startsAt endsAt cancelledAt person { ...Who } }"

AWAY = f"""mutation($input: SayAwayInput!) {{ sayAway(input: $input) {{
  __typename {REFUSAL}
  ... on AbsenceChanged {{ absence {{ ...Absent }} }}
}} }} {ABSENT} {WHO}"""

BACK = f"""mutation($input: SayBackInput!) {{ sayBack(input: $input) {{
  __typename {REFUSAL}
  ... on AbsenceChanged {{ absence {{ ...Absent }} }}
}} }} {ABSENT} {WHO}"""

ABSENCES = f"""query($first: Int!) {{ viewer {{ absences(first: $first) {{ nodes {{ ...Absent }} }} }} }}
{ABSENT} {WHO}"""

OPEN = f"""mutation($input: OpenApprovalInput!) {{ openApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalChanged {{ request {{ id }} }}
}} }}"""


def _said(mutation: str, input: str) -> str:
    """A document that adds to the discussion of a request."""
    return f"""mutation($input: {input}!) {{ {mutation}(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalCommented {{ unknown comment {{ id kind internal body at request {{ ...After }} }} }}
}} }} {AFTER}"""


ASK = _said("askForInformation", "AskForInformationInput")
ANSWER = _said("answerQuestion", "AnswerQuestionInput")
COMMENT = _said("commentApproval", "CommentApprovalInput")

RESUME = f"""mutation($input: ResumeApprovalInput!) {{ resumeApproval(input: $input) {{
  __typename {REFUSAL}
  ... on ApprovalChanged {{ request {{ ...After }} }}
}} }} {AFTER}"""
