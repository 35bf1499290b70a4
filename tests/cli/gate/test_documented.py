"""What the documentation tells pipelines to do can be done: files, functions; tests/docs asks of its commands."""

import asyncio
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import orjson
import pytest
import yaml

from hub.people.tables import Discipline, Role
from tests.asking import Ask
from tests.cli.gate.live import Live
from tests.cli.gate.signing import DIGEST, Signing, file

DOCS = Path(__file__).parents[3] / "docs"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)


def test_the_github_workflow_is_one() -> None:
    workflow, extra = map(yaml.safe_load, blocks(DOCS / "pipelines" / "github-actions.md", "yaml"))
    # YAML 1.1 reads the key `on` as true.
    assert workflow[True]["workflow_dispatch"]["inputs"]["version"]["required"] is True
    gate, deploy = workflow["jobs"]["gate"], workflow["jobs"]["deploy"]
    assert (deploy["needs"], deploy["if"]) == ("gate", "needs.gate.outputs.decision == 'ALLOWED'")
    for step in (*gate["steps"], *deploy["steps"], *extra):
        assert len({"uses", "run"} & set(step)) == 1
        # What somebody typed reaches the shell as a variable only.
        assert "${{" not in step.get("run", "")


def test_the_gitlab_file_is_one_and_allows_no_failure() -> None:
    (pipeline,) = map(yaml.safe_load, blocks(DOCS / "pipelines" / "gitlab.md", "yaml"))
    assert pipeline["stages"] == [pipeline["gate"]["stage"], pipeline["deploy"]["stage"]]
    assert pipeline["gate"]["artifacts"]["reports"] == {"junit": "gate.xml"}
    assert pipeline["gate"]["retry"] == {"max": 2, "exit_codes": 3}
    assert pipeline["deploy"]["needs"] == [{"job": "gate", "artifacts": True}]
    assert all("allow_failure" not in job for job in pipeline.values() if isinstance(job, dict))


@pytest.mark.parametrize("place", range(3))
def test_the_sagemaker_files_are_python(place: int) -> None:
    compile(blocks(DOCS / "pipelines" / "sagemaker.md", "python")[place], "sagemaker.md", "exec")


def test_the_library_in_the_documentation_verifies_a_permit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (snippet,) = blocks(DOCS / "gate.md", "python")
    signing, told = Signing(), dict[str, Any]()
    file(tmp_path, "keys.json", signing.listed)
    file(tmp_path, "permit.json", signing.permit())
    monkeypatch.chdir(tmp_path)
    exec(snippet, told)
    assert told["statement"]["subject"][0]["digest"] == {"sha256": DIGEST}
    file(tmp_path, "keys.json", Signing().listed)
    with pytest.raises(Exception, match="Accepted signatures do not match threshold"):
        exec(snippet, {})


def function(url: str, token: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, dict[str, bytes]]:
    """The documented function, with AWS played."""
    kept: dict[str, bytes] = {}
    secrets = SimpleNamespace(get_secret_value=lambda **_given: {"SecretString": token})
    s3 = SimpleNamespace(put_object=lambda **given: kept.update({f"{given['Bucket']}/{given['Key']}": given["Body"]}))
    boto3 = ModuleType("boto3")
    monkeypatch.setattr(boto3, "client", {"secretsmanager": secrets, "s3": s3}.__getitem__, raising=False)
    monkeypatch.setitem(sys.modules, "boto3", boto3)
    for name, value in {
        "HUB_URL": url, "HUB_TOKEN_SECRET": "hub", "PERMIT_BUCKET": "bucket", "PERMIT_PREFIX": "permits",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    module: dict[str, Any] = {}
    exec(blocks(DOCS / "pipelines" / "sagemaker.md", "python")[0], module)
    return module["handler"], kept


async def test_the_sagemaker_function_asks_a_whole_hub(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    make, ask, url = live
    risk = await make.person("priya", disciplines=[Discipline.RISK])
    robot = await make.person("pipeline", Role.DEVELOPER)
    await make.rule(Discipline.RISK)
    model = await make.model("fraud-detection")
    await make.version(model, "6")
    await make.version(model, "7", metrics={"recall": 0.95})
    await make.version(model, "8", metrics={"recall": 0.5})
    await make.policy("recall")
    handler, kept = function(url, await ask.token(robot), monkeypatch)

    async def asked(version: str) -> tuple[str, str]:
        event = {"model": "fraud-detection", "version": version, "reason": "a test"}
        answer = await asyncio.to_thread(handler, event, None)
        assert set(answer) == {"decision", "why", "digest", "permit_uri"}
        return answer["decision"], answer["why"] if answer["decision"] != "ALLOWED" else answer["permit_uri"]

    assert await asked("9") == ("UNDECIDED", "0 versions are called fraud-detection 9")
    assert (await asked("6"))[0] == "UNDECIDED"
    decision, why = await asked("8")
    assert decision == "DENIED"
    assert "metrics.recall is 0.5" in why
    assert (await asked("7"))[0] == "WAITING"
    await sign(ask, risk)
    decision, uri = await asked("7")
    assert decision == "ALLOWED"
    assert orjson.loads(kept[uri.removeprefix("s3://")])["payloadType"] == "application/vnd.in-toto+json"


async def sign(ask: Ask, who: Any) -> None:
    found = await ask(who, "{ approvalRequests(first: 1, filter: { status: [PENDING] }) { nodes { id } } }")
    (request,) = found["approvalRequests"]["nodes"]
    signed = await ask(
        who,
        "mutation($i: SignApprovalInput!) { signApproval(input: $i) { __typename ... on Refusal { why } } }",
        i={"request": request["id"], "decision": "APPROVE", "comment": "read it"},
    )
    assert signed["signApproval"]["__typename"] == "ApprovalSigned", signed
