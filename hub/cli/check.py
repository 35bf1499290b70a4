"""`hub check`: ask policies about a version, and evaluate a stored result again."""

from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from hub.cli.options import AsJSON, Data, Registry, Token, Url

if TYPE_CHECKING:
    from hub.checks.again import Stored

DIFFERS, NOT_FOUND = 1, 2
MOST = 100

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Ask policies about a version, or evaluate a result again.\n\nExample: hub check run fraud 3",
)

RESULT = """
query ($id: ID!) {
  node(id: $id) {
    __typename
    ... on CheckResult {
      id outcome explanation inputs enforcement decisionPoint stage evaluatedAt
      exception { id }
      input { digest document }
      policyVersion { number rule }
      policy { key }
      model { name }
      version { name }
    }
  }
}
"""
ASK = """
mutation ($input: EvaluateVersionInput!) {
  evaluateVersion(input: $input) {
    __typename
    ... on VersionEvaluated { version { id } }
    ... on Refusal { code why field }
  }
}
"""
STANDS = """
query ($version: ID!, $stage: Stage!, $first: Int!, $after: String) {
  compliance(
    filter: { version: $version, stage: [$stage] }, orderBy: [{ by: SEVERITY }], first: $first, after: $after
  ) {
    nodes {
      outcome enforcement severity dueAt
      policy { key }
      policyVersion { number remediation }
      result { id explanation }
      exception { id }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@app.command()
def replay(
    result: Annotated[str, typer.Argument(help="The result's id, as the graph gives it.")],
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Evaluate a stored result again, here, and compare. It is done from its exact document and wording.

    Exit code 0 when it says the same, 1 when it differs, 2 when it cannot be had.

    Example: hub check replay CheckResult:01934cf2-…
    """
    from hub.checks.again import again
    from hub.cli import printing, remote
    from hub.cli.gate.inert import inert

    id = result if ":" in result else f"CheckResult:{result}"
    found = remote.found(data=data, url=url, token=token).ask(RESULT, id=id)["node"]
    if found is None or found["__typename"] != "CheckResult":
        _refuse(f"there is no check result {id} that you may see")
    stored = read(found)
    now = again(stored)
    told = {
        "result": found["id"],
        "same": not now.differs,
        "differs": list(now.differs),
        "stored": {"outcome": stored.outcome, "explanation": stored.explanation},
        "again": {"outcome": now.outcome, "explanation": now.explanation},
        "document": stored.digest,
        "evaluatedAt": found["evaluatedAt"],
    }
    if json:
        printing.as_json(told)
    else:
        asked = f"{found['policy']['key']} version {found['policyVersion']['number']}"
        of = inert(f"{found['model']['name']} {found['version']['name']}")
        printing.line(f"{asked}, asked of {of} for {stored.stage} at {found['evaluatedAt']}")
        printing.line(f"document {stored.digest or 'none'}")
        printing.line(f"stored  {stored.outcome}: {inert(stored.explanation)}")
        printing.line(f"again   {now.outcome}: {inert(now.explanation)}")
        printing.line("the same" if not now.differs else f"differs in {', '.join(now.differs)}")
    if now.differs:
        raise typer.Exit(DIFFERS)


@app.command()
def run(
    model: Annotated[str, typer.Argument(help="The model's name.")],
    version: Annotated[str, typer.Argument(help="The version's name in its registry.")],
    stage: Annotated[str, typer.Option("--stage", help="The stage that it would go to.")] = "PRODUCTION",
    point: Annotated[
        str, typer.Option("--point", help="The decision point: REGISTER, PROMOTE, DEPLOY or MONITOR.")
    ] = "PROMOTE",
    registry: Registry = None,
    url: Url = None,
    token: Token = None,
    data: Data = None,
    json: AsJSON = False,
) -> None:
    """Ask every policy about a version now, and print how it stands. Exit code 1 when the gate would be closed.

    Example: hub check run fraud 3 --stage PRODUCTION
    """
    from hub.cli import named, printing, remote
    from hub.cli.approvals.naming import word
    from hub.cli.gate.inert import inert
    from hub.models.tables import Stage
    from hub.policies.tables import DecisionPoint
    from hub.summaries.facts import standing

    to, at = word(stage, Stage, option="--stage"), word(point, DecisionPoint, option="--point")
    hub = remote.found(data=data, url=url, token=token)
    version_id = named.version_id(hub, model=model, version=version, registry=registry)
    asked = {"version": version_id, "stage": to, "decisionPoint": at}
    hub.change(ASK, input=asked)
    rows: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = hub.ask(STANDS, version=asked["version"], stage=asked["stage"], first=MOST, after=after)["compliance"]
        rows += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    stands = standing(row["outcome"] for row in rows)
    closed = [row for row in rows if row["enforcement"] == "BLOCKING" and row["outcome"] in ("FAIL", "ERROR")]
    if json:
        counts = {"asked": stands.asked, "kept": stands.kept, "waived": stands.waived}
        printing.as_json(
            {"version": asked["version"], "stage": asked["stage"], "closed": bool(closed), **counts, "checks": rows}
        )
    else:
        told = [
            [r["outcome"], r["policy"]["key"], r["severity"], r["enforcement"], inert(r["result"]["explanation"])]
            for r in rows
        ]
        printing.table(("OUTCOME", "POLICY", "SEVERITY", "ENFORCEMENT", "WHY"), told)
        printing.line(f"{stands.asked} asked, {stands.kept} kept, {stands.waived} waived")
        for row in closed:
            printing.line(f"{row['policy']['key']}: {inert(row['policyVersion']['remediation'])}")
    if closed:
        raise typer.Exit(1)


def read(found: dict[str, Any]) -> "Stored":
    """A result as the graph gives it."""
    from datetime import datetime
    from uuid import UUID

    from hub.checks.again import Stored
    from hub.checks.tables import Outcome
    from hub.models.tables import Stage
    from hub.policies.tables import DecisionPoint, Enforcement

    given = found["input"]
    exception = found["exception"]
    return Stored(
        outcome=Outcome(found["outcome"]),
        explanation=found["explanation"],
        inputs=found["inputs"],
        enforcement=Enforcement(found["enforcement"]),
        decision_point=DecisionPoint(found["decisionPoint"]),
        stage=Stage(found["stage"]),
        evaluated_at=datetime.fromisoformat(found["evaluatedAt"]),
        exception=None if exception is None else UUID(exception["id"].partition(":")[2]),
        rule=found["policyVersion"]["rule"],
        document=None if given is None else given["document"],
        digest=None if given is None else given["digest"],
    )


def _refuse(why: str) -> NoReturn:
    from hub.errors import Code, Refused

    raise Refused(Code.NOT_FOUND, why)
