"""What a row of the matrix may say, decided without a database: each refusal names the field and the way out."""

from datetime import timedelta
from typing import Any

import pytest

from hub.approvals.matrix import rules
from hub.approvals.matrix.boards import SIGNERS, is_board
from hub.approvals.matrix.rules import Escalation, Selector
from hub.approvals.steps import Group, Step
from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.people.tables import Role
from tests.approvals.matrix.desk import HIGH, LEGAL, LIMITED, PRODUCT, RISK, content
from tests.steps import sign_off

ONE = sign_off(1)
OWNER = Step("Owner", 1, roles=(Role.MODEL_OWNER,), group=Group.OWNERS)
SIGN = "MODEL_OWNER, MODEL_APPROVER, POLICY_OWNER, AUDITOR"


def step(**said: Any) -> Step:
    return Step(**{"name": "Board", "quorum": 2, **said})


@pytest.mark.parametrize(
    ("which", "field", "why"),
    [
        (
            Selector("models"),
            "kind",
            "'models' is no kind of subject; choose among break_glass, card, exception, extension, matrix_change,"
            " policy_change, version",
        ),
        (Selector("version", RiskTier.PROHIBITED), "tier", "nobody may approve a PROHIBITED model; it has no row"),
        (
            Selector("version", RiskTier.UNCLASSIFIED),
            "tier",
            "an UNCLASSIFIED model is treated as HIGH; set the row for HIGH models",
        ),
        (
            Selector("policy_change", RiskTier.HIGH),
            "tier",
            "rows about the kind policy_change are not chosen by tier; leave it out",
        ),
        (
            Selector("card", stage=Stage.STAGING),
            "stage",
            "rows about the kind card are not chosen by stage; leave it out",
        ),
        (
            Selector("matrix_change", tag="pii"),
            "tag",
            "rows about the kind matrix_change are not chosen by tag; leave it out",
        ),
        (Selector("version", tag=" "), "tag", "tag is empty; write 1 to 700 characters"),
        (Selector("version", tag="x" * 701), "tag", "tag has 701 characters; at most 700 are kept"),
    ],
)
def test_a_row_for_which_nothing_would_ever_be_asked_is_refused(which: Selector, field: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.selected(which)
    assert (refused.value.code, refused.value.field, refused.value.why) == (Code.BAD_INPUT, field, why)


def test_a_tag_is_kept_without_space_around_it() -> None:
    assert rules.selected(Selector("version", tag=" pii=yes ")) == Selector("version", tag="pii=yes")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (step(name=" "), "step 1 has no name; give each a name of its own"),
        (step(quorum=0), "step Board asks for 0 signatures; 1 to 20 are allowed"),
        (step(quorum=21), "step Board asks for 21 signatures; 1 to 20 are allowed"),
        (step(disciplines={RISK: -1}), "step Board wants -1 signatures of RISK; 0 is the least"),
        (
            step(disciplines={RISK: 2, LEGAL: 1}),
            "step Board wants 3 signatures by discipline, and 2 in all; raise the quorum to 3",
        ),
        (
            step(disciplines={RISK: 0, LEGAL: 0, PRODUCT: 0}, different=3),
            "step Board wants 3 different disciplines; with a quorum of 2 and 3 disciplines it can be 0 to 2",
        ),
        (
            step(quorum=3, disciplines={RISK: 0}, different=2),
            "step Board wants 2 different disciplines; with a quorum of 3 and 1 disciplines it can be 0 to 1",
        ),
        (
            step(different=-1),
            "step Board wants -1 different disciplines; with a quorum of 2 and 0 disciplines it can be 0 to 0",
        ),
        (step(roles=()), f"step Board names no role; name some of {SIGN}"),
        (step(roles=(Role.ADMIN,)), f"step Board asks ADMIN, who signs nothing; choose among {SIGN}"),
        (step(roles=(Role.SERVICE,)), f"step Board asks SERVICE, who signs nothing; choose among {SIGN}"),
        (step(roles=(Role.DEVELOPER,)), f"step Board asks DEVELOPER, who signs nothing; choose among {SIGN}"),
        (
            step(disciplines={RISK: 1}, roles=(Role.MODEL_APPROVER, Role.AUDITOR)),
            "step Board asks for disciplines, which only a MODEL_APPROVER holds; leave the other roles out, or the"
            " disciplines",
        ),
        (step(group=Group.TEAM), "step Board asks a team; name it by its key"),
        (step(team="safety"), "step Board names the team safety and asks ANYBODY; ask TEAM, or leave the team out"),
        (step(group=Group.OWNERS), "step Board asks the owner for 2 signatures; a model has one owner"),
        (
            step(quorum=1, group=Group.OWNERS, disciplines={RISK: 0}),
            "step Board asks the owner, who answers for the model and no discipline; leave those out",
        ),
    ],
)
def test_a_step_that_could_not_be_answered_is_refused(asked: Step, why: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.checked(LIMITED, content(asked))
    assert (refused.value.code, refused.value.field, refused.value.why) == (Code.BAD_INPUT, "steps", why)


@pytest.mark.parametrize(
    ("which", "said", "field", "why"),
    [
        (LIMITED, content(ONE, ONE), "steps", "two steps are called Sign-off; give each a name of its own"),
        (
            LIMITED,
            content(*(sign_off(1, name=str(n)) for n in range(11))),
            "steps",
            "11 steps were asked; at most 10 come after one another",
        ),
        (
            Selector("policy_change"),
            content(OWNER),
            "steps",
            "step Owner asks the owner, but such a request is about no model; ask ANYBODY",
        ),
        (LIMITED, content(ONE, term_days=0), "termDays", "a term of 0 working days was asked; 1 to 90 are allowed"),
        (LIMITED, content(ONE, term_days=91), "termDays", "a term of 91 working days was asked; 1 to 90 are allowed"),
        (
            LIMITED,
            content(ONE, reminders_h=(8, 8)),
            "remindersH",
            "reminders after 8, 8 hours were asked; write them ascending, from 1",
        ),
        (
            LIMITED,
            content(ONE, reminders_h=(0, 8)),
            "remindersH",
            "reminders after 0, 8 hours were asked; write them ascending, from 1",
        ),
        (
            LIMITED,
            content(ONE, reminders_h=tuple(range(1, 12))),
            "remindersH",
            "11 reminders were asked; at most 10 are sent",
        ),
        (
            LIMITED,
            content(ONE, escalation=tuple(Escalation(n, "OWNERS") for n in range(1, 7))),
            "escalation",
            "6 escalations were asked; at most 5 are told",
        ),
        (
            LIMITED,
            content(ONE, escalation=(Escalation(0, "OWNERS"),)),
            "escalation",
            "an escalation after 0 hours was asked; 1 is the least",
        ),
        (
            Selector("policy_change"),
            content(ONE, escalation=(Escalation(1, "OWNERS"),)),
            "escalation",
            "'OWNERS' can be told nothing; choose among ADMIN, AUDITOR, DATA_STEWARD, DEVELOPER, EXECUTIVE,"
            " INCIDENT_RESPONDER, MODEL_APPROVER, MODEL_OWNER, POLICY_OWNER, or team:KEY",
        ),
        (
            LIMITED,
            content(ONE, escalation=(Escalation(1, "team:"),)),
            "escalation",
            "'team:' can be told nothing; choose among ADMIN, AUDITOR, DATA_STEWARD, DEVELOPER, EXECUTIVE,"
            " INCIDENT_RESPONDER, MODEL_APPROVER, MODEL_OWNER, OWNERS, POLICY_OWNER, or team:KEY",
        ),
        (LIMITED, content(ONE, rationale=" "), "rationale", "rationale is empty; write 1 to 8000 characters"),
    ],
)
def test_what_a_row_may_not_say(which: Selector, said: rules.Content, field: str, why: str) -> None:
    with pytest.raises(Refused) as refused:
        rules.checked(which, said)
    assert (refused.value.code, refused.value.field, refused.value.why) == (Code.BAD_INPUT, field, why)


@pytest.mark.parametrize(
    "which",
    [HIGH, LIMITED, Selector("version", None, Stage.STAGING), Selector("exception", RiskTier.MINIMAL)],
)
def test_checks_alone_suffice_for_versions_of_minimal_models_only(which: Selector) -> None:
    none = rules.Content((), 5, "Nothing can happen.")
    with pytest.raises(Refused, match="checks alone suffice for versions of MINIMAL models only") as refused:
        rules.checked(which, none)
    assert refused.value.field == "steps"
    assert rules.checked(Selector("version", RiskTier.MINIMAL, Stage.STAGING, "demo"), none) == none


@pytest.mark.parametrize(
    ("steps", "board"),
    [
        ([sign_off(2, (RISK, LEGAL))], True),
        ([sign_off(1, (RISK,)), sign_off(1, (LEGAL,), name="Then")], True),
        ([step(quorum=3, disciplines={RISK: 1, LEGAL: 0}, different=2)], True),
        # One of either, then another: whoever begins, two disciplines have signed.
        ([sign_off(1, (RISK, LEGAL)), sign_off(1, (PRODUCT,), name="Then")], True),
        ([sign_off(1, (RISK, LEGAL)), sign_off(1, (RISK,), name="Then")], False),
        ([step(disciplines={RISK: 0, LEGAL: 0})], False),
        ([step(disciplines={RISK: 2, LEGAL: 0})], False),
        ([sign_off(3)], False),
        ([sign_off(1, (RISK,)), ONE], False),
        ([], False),
    ],
)
def test_a_board_is_not_passed_by_one_discipline_alone(steps: list[Step], board: bool) -> None:
    assert is_board(steps) is board


@pytest.mark.parametrize(
    "which",
    [
        HIGH,
        Selector("version", RiskTier.HIGH),
        Selector("version", None, Stage.PRODUCTION),
        Selector("version", tag="demo"),
    ],
)
def test_whatever_row_fits_a_high_model_to_production_asks_a_board(which: Selector) -> None:
    with pytest.raises(Refused, match="go by a board; ask for at least 2 different disciplines") as refused:
        rules.checked(which, content(sign_off(2, (RISK,))))
    assert refused.value.field == "steps"
    assert rules.checked(which, content()).steps == (sign_off(2, (RISK, LEGAL)),)
    for other in (Selector("version", RiskTier.HIGH, Stage.STAGING), LIMITED, Selector("exception")):
        assert rules.checked(other, content(ONE)).steps == (ONE,)


def test_what_would_come_after_the_term_is_refused() -> None:
    week = timedelta(hours=40)
    rules.check_within(content(reminders_h=(8, 39), escalation=(Escalation(39, "ADMIN"),)), week)
    for said, field, word in (
        (content(reminders_h=(8, 40)), "remindersH", "a reminder"),
        (content(escalation=(Escalation(40, "ADMIN"),)), "escalation", "an escalation"),
    ):
        with pytest.raises(Refused) as refused:
            rules.check_within(said, week)
        assert (refused.value.field, refused.value.why) == (
            field,
            f"{word} comes after 40, but a term of 5 working days in the calendar default is 40 working hours",
        )


def test_escalations_are_kept_in_their_order() -> None:
    late, soon = Escalation(16, "ADMIN"), Escalation(8, "team:safety")
    kept = rules.checked(LIMITED, content(ONE, escalation=(late, soon)))
    assert kept.escalation == (soon, late)
    assert kept.teams == {"safety"}


def test_who_signs_is_who_may() -> None:
    assert ", ".join(SIGNERS) == SIGN


def test_the_last_resort_stays() -> None:
    with pytest.raises(Refused, match="set it, but keep it"):
        rules.check_removable(Selector("matrix_change"))
    rules.check_removable(Selector("matrix_change", RiskTier.HIGH))
