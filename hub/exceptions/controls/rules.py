"""Who may say that a control holds or a criterion is met, and of which."""

from datetime import datetime, timedelta
from uuid import UUID

from hub import words
from hub.errors import Code, Refused
from hub.exceptions.tables import AcceptanceCriterion, CompensatingControl, ExceptionStatus, PolicyException

LONGEST_LINK = 2_000


def link(written: str, field: str) -> str:
    """An address that a browser opens, or nothing; refused when it is anything else."""
    clean = words.optional(written, field, most=LONGEST_LINK)
    if clean and not clean.lower().startswith(("https://", "http://")):
        raise Refused(Code.BAD_INPUT, f"{field} is no web address; write it as https://…", field=field)
    return clean


def check_granted(row: PolicyException, at: datetime, field: str) -> None:
    """Refuse what is said of an exception that is not granted, or has ended."""
    if row.state is not ExceptionStatus.APPROVED:
        raise Refused(Code.WRONG_STATE, f"the exception is {row.state}; this is said of granted ones only", field=field)
    if at >= row.expires_at:
        raise Refused(
            Code.WRONG_STATE,
            f"the exception expired on {row.expires_at:%Y-%m-%d %H:%M UTC}; ask for a new one instead",
            field=field,
        )


def check_attested(control: CompensatingControl, policy: str | None = None) -> None:
    """Refuse a control that nobody is to attest; `policy` is the key of the one that it is tied to."""
    if control.attest_every_days is None:
        tied = f"it holds while {policy or 'its policy'} passes"
        holds = tied if control.policy_id is not None else "it has no rhythm in which it is attested"
        raise Refused(Code.BAD_INPUT, f"this control is not attested: {holds}", field="control")


def check_attestor(control: CompensatingControl, row: PolicyException, who: UUID, *, is_service: bool) -> None:
    """A control is attested by the person it names, or else by the exception's owner."""
    _check_person(is_service, "attests controls", "control")
    if who != (control.attestor_id or row.owner_id):
        named = "the person whom it names" if control.attestor_id is not None else "the exception's owner"
        raise Refused(Code.FORBIDDEN, f"this control is attested by {named}; ask them to", field="control")


def check_hander(*, is_owner: bool, decides: bool, is_service: bool, lost: str | None) -> None:
    """A control is handed on by whoever decides exceptions and has no hand in this one.

    By the exception's owner only once its attestor can confirm it no more: nobody chooses who looks at their own.
    """
    _check_person(is_service, "hands controls on", "control")
    if decides or (is_owner and lost is not None):
        return
    deciders = "an approver or policy owner (DECIDE_EXCEPTION), or an ADMIN, who neither asked for it nor owns it"
    if is_owner:
        why = f"its attestor can still confirm it; ask them to, or have {deciders}, hand it on"
    else:
        why = f"a control is handed on by {deciders}, or by the exception's owner once its attestor has left; ask them"
    raise Refused(Code.FORBIDDEN, why, field="control")


def check_successor(*, lost: str | None, involved: bool, was_apart: bool) -> None:
    """Whoever takes a control over can confirm it, and is no nearer to the exception than whoever did before."""
    if lost is not None:
        raise Refused(Code.BAD_INPUT, f"{lost}; name somebody who sees the model", field="attestor")
    if involved and was_apart:
        raise Refused(
            Code.SAME_PERSON,
            "it was granted with somebody else to confirm this control; name one who neither asked for the exception"
            " nor owns it",
            field="attestor",
        )


def check_by_hand(criterion: AcceptanceCriterion, policy: str | None) -> None:
    """Refuse a criterion that a policy tells; `policy` is its key."""
    if policy is not None:
        raise Refused(
            Code.BAD_INPUT,
            f"this criterion is met when {policy} passes for all that the exception covers, and not by hand; mend what"
            f" {policy} asks for, then have it evaluated",
            field="criterion",
        )


def check_confirmer(row: PolicyException, who: UUID, *, is_service: bool) -> None:
    """What a person confirms is confirmed by the exception's owner."""
    _check_person(is_service, "confirms criteria", "criterion")
    if who != row.owner_id:
        raise Refused(Code.FORBIDDEN, "the exception's owner confirms its criteria; ask them to", field="criterion")


def check_reopener(row: PolicyException, who: UUID, *, decides: bool, is_service: bool) -> None:
    """A criterion is opened again by the exception's owner, or by whoever may decide exceptions."""
    _check_person(is_service, "reopens criteria", "criterion")
    if who != row.owner_id and not decides:
        raise Refused(
            Code.FORBIDDEN,
            "the exception's owner, or whoever decides exceptions, opens its criteria again; ask one of them",
            field="criterion",
        )


def check_met(criterion: AcceptanceCriterion, *, met: bool) -> None:
    """What is met is not confirmed again, and what is open not reopened."""
    if (criterion.met_at is not None) is not met:
        now = "open" if met else "met already; reopen it first if that is wrong"
        raise Refused(Code.WRONG_STATE, f"this criterion is {now}", field="criterion")


def due(at: datetime, starts_at: datetime, every_days: int) -> datetime:
    """Until when an attestation of now counts; the rhythm does not run before the exception starts."""
    return max(at, starts_at) + timedelta(days=every_days)


def _check_person(is_service: bool, verb: str, field: str) -> None:
    if is_service:
        raise Refused(Code.FORBIDDEN, f"a service account {verb} for nobody; a person does", field=field)
