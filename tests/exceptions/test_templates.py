"""Templates: what they ask is what a justification says, and the graph shows them as they are written."""

import pytest

from hub.errors import Code, Refused
from hub.exceptions.asking.justifying import Said, justified
from hub.exceptions.asking.templates import Template, template, templates
from hub.exceptions.tables import ExceptionKind
from hub.people.tables import Role
from tests.asking import Ask
from tests.make import Make

FIX = {
    "deviation": "No load test yet.",
    "reason": "Orders fail since 9:00.",
    "affected": "Every customer.",
    "sooner": "Found this morning.",
}
WHOLE = """## What is deviated from
No load test yet.

## Why it cannot be kept
Orders fail since 9:00.

## Who is affected
Every customer.

## Why not sooner
Found this morning."""

ASK = """mutation($i: RequestExceptionInput!) { requestException(input: $i) {
  ... on ExceptionChanged { exception { kind template justification recommendedTreatment } }
  ... on Refusal { code field why } } }"""


def fix() -> Template:
    found = template("emergency-fix")
    assert found is not None
    return found


def refusal(text: str, *answers: Said) -> Refused:
    with pytest.raises(Refused) as refused:
        justified(fix(), text, answers)
    assert refused.value.code is Code.BAD_INPUT
    return refused.value


def test_every_template_is_whole_and_fits_what_requests_may_say() -> None:
    found = templates()
    assert list(found) == [
        "emergency-fix", "false-positive", "legacy-retirement", "limited-pilot", "missing-segment-data",
        "residual-risk", "third-party-model",
    ]  # fmt: skip
    for one in found.values():
        assert len({part.name for part in one.parts}) == len(one.parts) >= 3
        assert bool(one.controls) is (one.kind is not ExceptionKind.FALSE_POSITIVE)
        assert one.criteria
        assert 1 <= one.review_every_days <= one.term_days
        assert all(1 <= (usual.attest_every_days or 1) <= one.term_days for usual in one.controls)


def test_an_unknown_template_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(Refused) as refused:
        template("emergency-fixx")
    assert (refused.value.code, refused.value.field) == (Code.BAD_INPUT, "template")
    assert refused.value.why.startswith(
        "there is no template 'emergency-fixx'; emergency-fix is near it; there are emergency-fix, false-positive, "
    )
    assert template(" ") is None


def test_answers_and_headings_make_the_same_justification() -> None:
    assert justified(fix(), "", [Said(name, text) for name, text in FIX.items()]) == WHOLE
    assert justified(fix(), WHOLE, ()) == WHOLE
    assert justified(fix(), WHOLE.replace("## Why not", "# why NOT"), ()) == WHOLE
    half, rest = WHOLE.split("\n\n## Who")
    assert justified(fix(), half, [Said("affected", "Every customer."), Said("Why not sooner", FIX["sooner"])]) == WHOLE
    assert rest


def test_what_stands_before_the_first_heading_and_under_other_headings_is_kept() -> None:
    said = justified(fix(), "In short.\n" + WHOLE.replace("Orders", "## Since\nOrders"), ())
    assert said.startswith("In short.\n\n## What is deviated from\n")
    assert "## Why it cannot be kept\n## Since\nOrders fail since 9:00." in said


def test_a_section_that_is_empty_twice_there_or_unknown_is_refused_by_name() -> None:
    lacking = refusal(WHOLE.replace("Found this morning.", " "))
    assert (lacking.field, lacking.why) == (
        "justification",
        "1 of the 4 sections that emergency-fix asks for are not written: Why not sooner (sooner);"
        " write each below a line such as '## Why not sooner', or answer it by its name",
    )
    assert refusal(WHOLE, Said("sooner", "x")).why == "the section sooner is answered twice; keep one of them"
    assert refusal(WHOLE + "\n## Why not sooner\nx").why.startswith("the heading Why not sooner stands there twice")
    assert refusal("", Said("soon", "x")).why == (
        "emergency-fix has no section 'soon'; its sections are deviation, reason, affected, sooner"
    )


def test_without_a_template_free_text_will_do() -> None:
    assert justified(None, " Because. ", ()) == "Because."
    assert justified(None, "Because.", [Said("Cost", "Nothing.")]) == "Because.\n\n## Cost\nNothing."


async def test_a_request_by_template_takes_its_kind_and_treatment_from_it(make: Make, ask: Ask) -> None:
    policy, model, dev = await make.policy(), await make.model(), await make.person("dev", Role.DEVELOPER)
    asked = {
        "policy": f"Policy:{policy.policy_id}", "model": f"Model:{model.id}", "owner": f"Person:{dev.person_id}",
        "expiresAt": "2026-12-01T00:00:00Z", "template": "emergency-fix", "controls": [{"description": "Watched."}],
    }  # fmt: skip
    refused = (await ask(dev, ASK, i=asked))["requestException"]
    assert (refused["code"], refused["field"]) == ("BAD_INPUT", "justification")
    assert await make.count("policy_exceptions") == 0
    answers = [{"section": name, "text": text} for name, text in FIX.items()]
    made = (await ask(dev, ASK, i={**asked, "answers": answers}))["requestException"]["exception"]
    assert made == {
        "kind": "WAIVER", "template": "emergency-fix", "justification": WHOLE, "recommendedTreatment": "FIX",
    }  # fmt: skip


async def test_the_graph_shows_templates_as_they_are_written(make: Make, ask: Ask) -> None:
    dev = await make.person("dev", Role.DEVELOPER)
    found = await ask(dev, """{
      exceptionTemplates(filter: {kind: [FALSE_POSITIVE, WAIVER]}, first: 10) { totalCount nodes { slug } }
      exceptionTemplate(slug: "emergency-fix") {
        title kind when treatment reviewEveryDays termDays
        sections(first: 10) { nodes { name title prompt } }
        controls(first: 10) { nodes { description attestEveryDays } } criteria(first: 10) { nodes { description } } } }
    """)  # fmt: skip
    assert found["exceptionTemplates"] == {
        "totalCount": 3,
        "nodes": [{"slug": slug} for slug in ("emergency-fix", "false-positive", "legacy-retirement")],
    }  # fmt: skip
    shown, written = found["exceptionTemplate"], fix()
    assert (shown["title"], shown["when"], shown["termDays"]) == (written.title, written.when, 7)
    assert [one["prompt"] for one in shown["sections"]["nodes"]] == [part.prompt for part in written.parts]
    assert [one["attestEveryDays"] for one in shown["controls"]["nodes"]] == [1, None]
    assert [one["description"] for one in shown["criteria"]["nodes"]] == list(written.criteria)
