"""The request that comes of what was given and answered, as the graph takes it and as a person reads it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.cli import named
from hub.cli.approvals import naming, when
from hub.cli.exception import request_given as given_words
from hub.cli.exception import request_queries as queries
from hub.cli.exception.request_given import Given
from hub.cli.exception.request_prompts import Prompts, written
from hub.cli.exception.request_usual import usual
from hub.cli.gate.inert import inert
from hub.cli.remote import Remote
from hub.errors import Code, Refused
from hub.exceptions.asking.rules import whole_days
from hub.exceptions.tables import ExceptionKind, RiskTreatment
from hub.models.tables import Stage
from hub.policies.tables import Severity


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; `input` is the graph's, the rest is for showing it."""

    input: dict[str, Any]
    policy: dict[str, Any]
    model: dict[str, Any]
    version: str | None
    template: dict[str, Any] | None
    owner: dict[str, Any]
    expires: datetime
    starts: datetime | None
    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    rule: dict[str, Any] | None
    """The row of the approval matrix that it would be asked under."""

    @property
    def longest_days(self) -> int:
        """The policy's longest term."""
        return int(self.policy["currentVersion"]["longestExceptionDays"])


def wanted(hub: Remote, given: Given, prompts: Prompts, now: datetime) -> Wanted:
    """Everything that is asked for. Refuses as each of its parts does."""
    policy = prompts.one("policy, by its key", given.policy, lambda text: given_words.policy(hub, text))
    longest = int(policy["currentVersion"]["longestExceptionDays"])
    if longest < 1:
        raise Refused(Code.TERM_TOO_LONG, f"{policy['key']} allows no exceptions; meet it instead", field="policy")
    found, version = _scope(hub, given, prompts)
    told = hub.ask(queries.MODEL, id=found.model)
    stage = prompts.one("for which stage; empty for every", given.to, _stage, usual="")
    template = _template(hub, given, prompts)
    input: dict[str, Any] = {
        "policy": policy["id"],
        "policyVersion": policy["currentVersion"]["id"],
        "model": found.model,
        "version": found.version,
        "stage": stage,
        "template": template["slug"] if template else "",
        **_justification(given, prompts, template),
    }
    input |= _weighed(given, prompts, template)
    likely = usual(hub, template, policy=policy["id"], model=found.model, kind=input["kind"])
    prompts.tell(likely.before)
    controls = prompts.many("control", given.controls, likely.controls)
    criteria = prompts.many("criterion", given.criteria, likely.criteria)
    input["controls"] = [given_words.control(hub, text) for text in controls]
    input["criteria"] = [given_words.criterion(hub, text, lambda said: _due(said, now)) for text in criteria]
    starts = when.instant(given.starts, option="--starts", since=now, ends=False) if given.starts else None
    expires = _expires(given, prompts, min(likely.term_days, longest), longest, starts or now)
    owner = _owner(hub, given, prompts, told["viewer"])
    ticket = prompts.one("ticket's address; empty for none", given.ticket, str, usual="")
    input |= {"expiresAt": expires.isoformat(), "owner": owner["id"], "ticketUrl": ticket}
    input |= {"startsAt": starts.isoformat()} if starts else {}
    input |= {"reviewEveryDays": given.review_every} if given.review_every is not None else {}
    rule = hub.ask(
        queries.RULE,
        model=found.model,
        stage=stage,
        days=whole_days(expires - (starts or now)),
        risk=input["riskAfter"],
        treatment=input["recommendedTreatment"],
    )["approvalRuleForException"]
    chosen = tuple(controls), tuple(criteria)
    return Wanted(input, policy, told["node"], version, template, owner, expires, starts, *chosen, _without(rule, told))


def _scope(hub: Remote, given: Given, prompts: Prompts) -> tuple[named.Found, str | None]:
    def take(model: str) -> named.Found:
        return named.found(hub, model=model.strip(), version=None, registry=given.registry)

    def take_version(version: str) -> tuple[named.Found, str | None]:
        name = version.strip() or None
        return named.found(hub, model=model, version=name, registry=given.registry), name

    model = prompts.one("model, by its name", given.model, lambda text: (take(text), text.strip())[1])
    return prompts.one("version; empty for every", given.version, take_version, usual="")


def _template(hub: Remote, given: Given, prompts: Prompts) -> dict[str, Any] | None:
    if prompts.at_a_terminal and given.template is None and given.justification is None:
        from hub.cli import printing

        for one in hub.ask(queries.TEMPLATES)["exceptionTemplates"]["nodes"]:
            printing.line(f"  {inert(one['slug'])}: {inert(one['title'])}")
        return prompts.one("template; empty for none", None, lambda text: given_words.template(hub, text), usual="")
    return given_words.template(hub, given.template or "")


def _justification(given: Given, prompts: Prompts, template: dict[str, Any] | None) -> dict[str, Any]:
    answers = [given_words.answer(text) for text in given.answers]
    if given.justification is not None or not prompts.at_a_terminal:
        return {"justification": given.justification or "", "answers": answers}
    if template is None:
        said = prompts.one("why it cannot be kept for now", None, lambda text: written(text, "the justification"))
        return {"justification": said, "answers": answers}
    there = {one["section"].casefold() for one in answers}
    for part in template["sections"]["nodes"]:
        if part["name"].casefold() not in there and part["title"].casefold() not in there:
            question = f"{inert(part['title'])} - {inert(part['prompt'])}\n "
            said = prompts.one(question, None, lambda text, part=part: written(text, part["title"]))  # type: ignore[misc]
            answers.append({"section": part["name"], "text": said})
    return {"justification": "", "answers": answers}


def _weighed(given: Given, prompts: Prompts, template: dict[str, Any] | None) -> dict[str, Any]:
    """The kind, the risk and the recommendation."""
    kind = (template or {}).get("kind", ExceptionKind.EXCEPTION)
    treatment = (template or {}).get("treatment", RiskTreatment.MITIGATE)
    before = prompts.one("risk without the controls", given.risk_before, _risk("--risk-before"), usual="MEDIUM")
    return {
        "kind": prompts.one("kind", given.kind, _kind, usual=str(kind)),
        "recommendedTreatment": prompts.one("treatment", given.treatment, _treatment, usual=str(treatment)),
        "riskBefore": before,
        "riskAfter": prompts.one("risk with them", given.risk_after, _risk("--risk-after"), usual=str(before)),
    }


def _expires(given: Given, prompts: Prompts, days: int, longest: int, since: datetime) -> datetime:
    def take(text: str) -> datetime:
        found = when.instant(text, option="--expires", since=since, ends=True).astimezone(UTC)
        # A minute before a span's last instant, so that it is not past the longest when it arrives.
        found -= timedelta(minutes=1) if when.SPAN.fullmatch(text.strip().lower()) else timedelta()
        if found <= since:
            why = f"--expires {inert(text, 50)} is not after the beginning; choose a later end, such as 30d"
            raise Refused(Code.TERM_IN_PAST, why, field="expires")
        if found > since + timedelta(days=longest):
            days = whole_days(found - since)
            raise Refused(Code.TERM_TOO_LONG, f"{days} days asked, {longest} allowed by the policy", field="expires")
        return found

    return prompts.one(f"until when, at most {longest} days", given.expires, take, usual=f"{days}d")


def _due(text: str, now: datetime) -> datetime:
    return when.instant(text, option="--criterion", since=now, ends=True)


def _owner(hub: Remote, given: Given, prompts: Prompts, viewer: dict[str, Any] | None) -> dict[str, Any]:
    return prompts.one(
        "who answers for closing it, by handle",
        given.owner,
        lambda text: naming.person(hub, text, field="owner"),
        usual=viewer["handle"] if viewer else "",
    )


def _without(rule: dict[str, Any] | None, told: dict[str, Any]) -> dict[str, Any] | None:
    """The row with those who could sign it; whoever asks is none of them."""
    mine = told["viewer"]["id"] if told["viewer"] else None
    for step in rule["steps"]["nodes"] if rule else ():
        step["signers"] = [one for one in step["signers"]["nodes"] if one["id"] != mine]
    return rule


def _stage(text: str) -> Stage | None:
    return naming.word(text, Stage, option="--to") if text.strip() else None


def _kind(text: str) -> ExceptionKind:
    return naming.word(text, ExceptionKind, option="--kind")


def _treatment(text: str) -> RiskTreatment:
    return naming.word(text, RiskTreatment, option="--treatment")


def _risk(option: str) -> "_Risk":
    return _Risk(option)


@dataclass(frozen=True, slots=True)
class _Risk:
    """Reads how bad a risk is."""

    option: str

    def __call__(self, text: str) -> Severity:
        return naming.word(text, Severity, option=self.option)
