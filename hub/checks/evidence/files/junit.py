"""Test reports from JUnit XML, as pytest, Surefire, Gradle and most others write it."""

import math
from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from hub.checks.evidence import rules
from hub.checks.evidence.files.properties import cut, fields_of, figures_of, instant, kept, kind_of, number, wanted_kind
from hub.checks.evidence.rules import Report
from hub.checks.tables import EvidenceKind, EvidenceSource, Verdict
from hub.errors import Code, Refused

DEEPEST = 50
COUNTED = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}


def read(text: str, *, name: str, kind: EvidenceKind | None) -> Report:
    """A report of all suites in a file; it fails when any test does, and says nothing when there is none."""
    root = _root(text, name)
    suites = [one for one in root.iter() if _tag(one) == "testsuite"]
    properties = [
        (one.get("name", ""), one.get("value", one.text or ""))
        for group in root.iter()
        if _tag(group) == "properties"
        for one in group
    ]
    figures = {**_counts(root, name), **figures_of(properties, name)}
    failed = figures["failures"] + figures["errors"] > 0
    told = next((value for called, value in properties if called.lower() == "kind"), None)
    times = [instant(at, "timestamp", name) for one in (root, *suites) if (at := one.get("timestamp"))]
    titles = [title for one in (root, *suites) if (title := one.get("name", "").strip())]
    return rules.bounded(
        Report(
            kind=wanted_kind(kind_of(told, kind, name), name),
            verdict=Verdict.FAIL if failed else Verdict.PASS if figures["tests"] else Verdict.NONE,
            title=cut(titles[0] if titles else "", rules.LONGEST["title"]),
            tool="JUnit XML",
            figures=figures,
            details=kept(_failing(root), "failing"),
            measured_at=max(times) if times else None,
            source=EvidenceSource.JUNIT,
            **fields_of(properties),
        )
    )


def _root(text: str, name: str) -> Element:
    parser = DefusedXMLParser(target=_Shallow(), forbid_dtd=True)
    try:
        parser.feed(text)
        root: Element = parser.close()
    except DefusedXmlException:
        raise _bad(f"{name} declares a document type or entities, which no test report needs; leave them out") from None
    except _TooDeep:
        raise _bad(f"{name} is nested more than {DEEPEST} deep, which no test report is") from None
    except ParseError as error:
        line, column = error.position
        raise _bad(f"{name}:{line}:{column + 1}: this is no XML: {str(error).partition(':')[0]}") from None
    if _tag(root) not in ("testsuites", "testsuite"):
        raise _bad(f"{name} begins with <{_tag(root)[:80]}>; JUnit XML begins with <testsuites> or <testsuite>")
    return root


class _TooDeep(Exception):
    pass


class _Shallow:
    """Builds the tree, but no deeper than a report is."""

    def __init__(self) -> None:
        self._builder = TreeBuilder()
        self._depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _TooDeep
        self._builder.start(tag, attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._builder.end(tag)

    def data(self, text: str) -> None:
        self._builder.data(text)

    def close(self) -> Element:
        return self._builder.close()


def _counts(root: Element, name: str) -> dict[str, float]:
    """What is counted in the cases, or more where a suite tells of more: some writers leave out what they count."""
    cases = [one for one in root.iter() if _tag(one) == "testcase"]
    within = [{_tag(part) for part in case} for case in cases]
    found = {figure: float(sum(tag in tags for tags in within)) for figure, tag in COUNTED.items()}
    found["tests"] = float(len(cases))
    for figure in COUNTED:
        found[figure] = max(found[figure], _told(root, figure, name))
    # A suite may break outside its tests.
    found["errors"] = max(found["errors"], float(sum(_tag(one) == "error" for one in root.iter())))
    spent = sum(_number(case.get("time") or "0", "time", name) for case in cases)
    return {**found, "time_s": _told(root, "time", name) or spent}


def _told(root: Element, figure: str, name: str) -> float:
    """What the outermost suites that tell a figure tell together."""
    if (value := root.get(figure)) is not None and value.strip():
        return _number(value, figure, name)
    return sum((_told(one, figure, name) for one in root if _tag(one) == "testsuite"), 0.0)


def _number(value: str, what: str, name: str) -> float:
    """A count or a time; one that is not finite would hide behind the others."""
    found = number(value, what, name)
    if not math.isfinite(found) or found < 0:
        raise _bad(f"{name}: {what} is {value.strip()[:80]!r}; a finite number of at least 0 is wanted")
    return found


def _failing(root: Element) -> Iterator[Mapping[str, str]]:
    for case in root.iter():
        if _tag(case) != "testcase":
            continue
        for part in case:
            if _tag(part) in ("failure", "error"):
                named = ".".join(filter(None, (case.get("classname"), case.get("name"))))
                message = part.get("message") or part.text or ""
                yield {"test": cut(named, 300), "how": _tag(part), "message": cut(message)}
                break


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _bad(why: str) -> Refused:
    return Refused(Code.BAD_INPUT, why, field="file")
