"""Exceptions as sheets and as OSCAL plans."""

import csv
import io
import re
from typing import Any

import orjson
import pytest
from pydantic import ValidationError
from trestle.oscal.poam import PlanOfActionAndMilestones

from hub.errors import Refused
from hub.exceptions.exchange import oscal, sheets
from hub.exceptions.tables import ExceptionStatus
from hub.spreadsheet import bare, cell

DEV = {"id": "Person:1", "name": "Dev", "handle": "dev", "kind": "HUMAN"}
PAT = {"id": "Person:2", "name": "Pat", "handle": "pat", "kind": "HUMAN"}


def control(description: str, **ties: Any) -> dict[str, Any]:
    """A control as the graph gives it."""
    free = {"attestEveryDays": None, "policy": None, "attestor": None}
    return {"id": "CompensatingControl:1", "description": description, **free, **ties}


def node(**more: Any) -> dict[str, Any]:
    """An exception as the graph gives it."""
    return {
        "id": "PolicyException:0199",
        "kind": "WAIVER",
        "status": "ACTIVE",
        "stage": "PRODUCTION",
        "tier": "HIGH",
        "template": "",
        "justification": "More cases arrive next month.\nThey are rare.",
        "riskBefore": "HIGH",
        "riskAfter": "LOW",
        "recommendedTreatment": "MITIGATE",
        "decidedTreatment": "MITIGATE",
        "ticketUrl": "https://tickets.test/7",
        "requestedAt": "2026-11-01T10:00:00+00:00",
        "startsAt": "2026-11-01T10:00:00+00:00",
        "expiresAt": "2026-12-24T00:00:00+00:00",
        "reviewAt": None,
        "reviewEveryDays": 30,
        "decidedAt": "2026-11-02T10:00:00+00:00",
        "decisionNote": "Weighed.",
        "daysLeft": 26,
        "weightedAgeDays": 47,
        "extensionsUsed": 0,
        "endedAt": None,
        "endNote": "",
        "policy": {"key": "recall", "title": "Enough cases are found"},
        "model": {"name": "scans", "registry": {"key": "lab"}},
        "version": {"name": "3"},
        "owner": DEV,
        "requestedBy": DEV,
        "decidedBy": PAT,
        "endedBy": None,
        "controls": {"nodes": [control("A radiologist reads every scan.")]},
        "criteria": {
            "nodes": [
                {
                    "id": "AcceptanceCriterion:1",
                    "description": "Recall is 0.9.",
                    "policy": None,
                    "dueAt": "2026-12-20T00:00:00+00:00",
                    "metAt": None,
                }
            ]
        },
        "attachments": {"nodes": []},
        **more,
    }


def attached(number: int, name: str, kind: str = "application/pdf") -> dict[str, Any]:
    """An attachment as the graph gives it."""
    path = f"/exceptions/0199/attachments/{number}"
    return {
        "id": f"ExceptionAttachment:{number}",
        "name": name,
        "mediaType": kind,
        "size": 26,
        "sha256": f"{number:064x}",
        "path": path,
        "addedAt": "2026-11-01T11:00:00+00:00",
    }


@pytest.mark.parametrize("written", ["=cmd()", "+1", "-2", "@a", "\tx", "\rx", " =1"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_escaped_and_read_back(written: str) -> None:
    assert cell(written) == f"'{written}"
    assert bare(cell(written)) == written


def test_an_export_can_be_imported() -> None:
    written = sheets.written([node(justification="=cmd()", controls={"nodes": [
        control("Read\ntwice."), control("Counted; each week."),
    ]})]).decode()  # fmt: skip
    (row,) = csv.DictReader(io.StringIO(written))
    assert list(row) == [*sheets.REQUEST, *sheets.TOLD]
    assert (row["justification"], row["weighted_age_days"], row["review"]) == ("'=cmd()", "47", "")
    (line,) = sheets.read(written)
    assert (line.number, line.lacks) == (2, ())
    assert line.cells["justification"] == "=cmd()"
    assert line.several("controls") == ["Read\\¶twice.", "Counted; each week."]
    assert [line.cells[name] for name in ("policy", "model", "version", "owner", "expires", "registry")] == [
        "recall", "scans", "3", "dev", "2026-12-24T00:00:00+00:00", "lab",
    ]  # fmt: skip


def test_a_sheet_names_attachments_and_an_import_passes_them_over() -> None:
    files = {"nodes": [attached(1, "=report.pdf"), attached(2, "figures, all.csv")]}
    written = sheets.written([node(attachments=files), node()]).decode()
    rows = list(csv.DictReader(io.StringIO(written)))
    assert [row["attachments"] for row in rows] == ["'=report.pdf\nfigures, all.csv", ""]
    assert [line.lacks for line in sheets.read(written)] == [(), ()]


def test_a_sheet_is_read_whatever_the_order_of_its_columns_with_the_lines_that_lack_something() -> None:
    lines = sheets.read(
        "\ufeffOwner,Policy,Model,Expires,Justification,Colour\r\n"
        "dev,recall,scans,2026-12-24,Because.,red\r\n"
        ",,,,,\r\n"
        "dev,,scans,,Because.,\r\n"
        "dev,recall,scans,2026-12-24,Because.,red,too much\r\n"
    )
    assert [(one.number, one.lacks) for one in lines] == [
        (2, ()), (4, ("policy", "expires")), (5, ()),
    ]  # fmt: skip
    assert [one.wrong for one in lines] == ["", "", "the line has more cells than the first line has names"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the first line lacks policy, model, justification, owner, expires; it names columns: policy, model"),
        ("policy,model,owner,expires\n", "the first line lacks justification;"),
        ("policy,model,owner,expires,justification,Model\n", "the first line names model twice"),
        ('policy,model,owner,expires,justification\n"open', "line 2 is no line of a CSV file: unexpected end of data"),
        (
            "policy,model,owner,expires,justification\n" + "a,b,c,d,e\n" * 1_001,
            "1001 lines; at most 1000 are taken at once",
        ),
    ],
)
def test_a_sheet_that_cannot_be_meant_is_refused_as_a_whole(text: str, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        sheets.read(text)


def plan(*nodes: dict[str, Any]) -> dict[str, Any]:
    at = "2026-11-28T10:00:00+00:00"
    return oscal.plan(nodes, title="Policy exceptions", at=at, version="0.1", system="http://hub.test")


def judged(document: dict[str, Any]) -> PlanOfActionAndMilestones:
    """The plan as another's software reads it, which takes nothing that the standard does not allow."""
    (name, body), *rest = orjson.loads(orjson.dumps(document)).items()
    assert (name, rest) == ("plan-of-action-and-milestones", [])
    return PlanOfActionAndMilestones(**body)


@pytest.mark.parametrize("status", ExceptionStatus)
def test_a_plan_with_an_exception_in_any_status_is_valid(status: ExceptionStatus) -> None:
    found = judged(plan(node(status=status, ticketUrl="", stage=None, version=None, owner=None)))
    assert found.risks is not None
    assert found.risks[0].status.model_dump() == oscal.STATUS[status]


def test_a_plan_tells_risk_controls_criteria_and_decisions() -> None:
    ended = node(id="PolicyException:0200", status="RESOLVED", endedAt="2026-11-20T00:00:00+00:00", endedBy=PAT)
    found = judged(plan(node(), ended))
    assert [one.title for one in found.poam_items] == ["scans 3 deviates from recall"] * 2
    assert found.risks is not None and found.metadata.parties is not None
    first, second = found.risks
    assert (first.status.model_dump(), second.status.model_dump()) == ("deviation-approved", "closed")
    assert first.deadline is not None and first.deadline.isoformat() == "2026-12-24T00:00:00+00:00"
    assert first.mitigating_factors is not None and first.remediations is not None
    assert [one.description for one in first.mitigating_factors] == ["A radiologist reads every scan."]
    (response,) = first.remediations
    assert (str(getattr(response.lifecycle, "value", response.lifecycle)), response.title) == ("planned", "MITIGATE")
    assert response.tasks is not None
    assert [task.title for task in response.tasks] == ["Recall is 0.9."]
    assert first.risk_log is not None and second.risk_log is not None
    assert [one.description for one in first.risk_log.entries] == ["asked for", "Weighed."]
    assert [one.description for one in second.risk_log.entries] == ["asked for", "Weighed.", "ended"]
    assert len(found.metadata.parties) == 2


def test_a_plan_names_attachments_by_address_and_hash() -> None:
    files = {"nodes": [attached(1, "report.pdf"), attached(2, "figures all.csv", "text/csv")]}
    found = judged(plan(node(attachments=files), node(id="PolicyException:0200", ticketUrl="")))
    assert found.back_matter is not None and found.back_matter.resources is not None
    told = [
        (one.title, link.href, link.media_type, hashed.value, getattr(hashed.algorithm, "value", hashed.algorithm))
        for one in found.back_matter.resources
        for link in one.rlinks or ()
        for hashed in link.hashes or ()
    ]
    assert told == [
        ("report.pdf", "http://hub.test/exceptions/0199/attachments/1", "application/pdf", f"{1:064x}", "SHA-256"),
        ("figures all.csv", "http://hub.test/exceptions/0199/attachments/2", "text/csv", f"{2:064x}", "SHA-256"),
    ]
    assert [[prop.value for prop in one.props or ()] for one in found.back_matter.resources] == [["26"], ["26"]]
    with_files, without = found.poam_items
    assert [link.href for link in with_files.links or ()] == [
        "https://tickets.test/7", *(f"#{one.uuid}" for one in found.back_matter.resources),
    ]  # fmt: skip
    assert without.links is None
    assert judged(plan(node())).back_matter is None


def test_the_judge_takes_no_plan_that_the_standard_does_not_allow() -> None:
    unnamed = {"resources": [{"uuid": "1", "title": "a\nb"}]}
    for spoiled in ({"colour": "red"}, {"poam-items": []}, {"uuid": "1"}, {"back-matter": unnamed}):
        document = plan(node())
        document["plan-of-action-and-milestones"] |= spoiled
        with pytest.raises(ValidationError):
            judged(document)


def test_the_same_exceptions_make_the_same_plan() -> None:
    assert plan(node()) == plan(node())
    assert (
        plan(node())["plan-of-action-and-milestones"]["risks"][0]["uuid"]
        == (plan(node(status="EXPIRED"))["plan-of-action-and-milestones"]["risks"][0]["uuid"])
    )
