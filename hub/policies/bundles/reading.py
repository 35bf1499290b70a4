"""A folder of YAML files read into policies: one policy in each file, named by its key."""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.policies.bundles import fixtures, shape, yaml_text
from hub.policies.bundles.fixtures import Fixture
from hub.policies.bundles.shape import Section
from hub.policies.bundles.yaml_text import Misread, Place, Tree
from hub.policies.rules import KEY, Citation, EnforcementStep, Wording, checked
from hub.policies.tables import DecisionPoint, Enforcement, Severity

STARTER = Path(__file__).parent.parent / "starter"
ABOUT = "bundle.yaml"
MOST_FILES = 1_000
OTHERWISE = "otherwise"

KEYS = (
    "key", "title", "principle", "rationale", "severity", "enforcement", "decision_points", "applies_to",
    "schedule", "service_level", "longest_exception_days", "citations", "tags", "review_on", "validators",
    "safe_rollback", "rule", "remediation", "tests",
)  # fmt: skip
APPLIES_TO = ("tiers", "stages", "registries", "model_types", "data_categories", "model_tags")
STEP = ("enforcement", "severity", "tiers", "stages", "starts_on")
CITATION = ("framework", "reference", "title", "url")
SERVICE_LEVEL = (*(severity.lower() for severity in Severity), OTHERWISE)

_PLACES: Mapping[str, tuple[str, ...]] = {name: ("applies_to", name) for name in APPLIES_TO} | {
    "service_level_days": ("service_level",),
    "service_levels": ("service_level",),
}
"""Where a wording's field stands in a file, if not at the top under its own name."""

_IN_RULE = re.compile(r"line (\d+), column (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Written:
    """One policy as a file has it."""

    tree: Tree
    wording: Wording
    fixtures: tuple[Fixture, ...]

    @property
    def file(self) -> str:
        return self.tree.name

    def at(self, *path: str | int) -> Place:
        """Where something stands in the file."""
        return self.tree.at(path)


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a folder holds; `refused` are the files that could not be read, each with its place and reason."""

    name: str
    title: str
    document: Mapping[str, Any]
    policies: tuple[Written, ...]
    refused: tuple[Misread, ...] = field(default=())

    def sound(self) -> "Bundle":
        """The bundle itself. Refuses, with every place, one whose files could not all be read."""
        if self.refused:
            raise Refused(Code.BAD_INPUT, "\n".join(error.why for error in self.refused))
        return self


def read(folder: Path) -> Bundle:
    """Read a folder and those below it. Refuses what is no folder of policies at all; files are refused one by one."""
    if not folder.is_dir():
        raise Refused(Code.BAD_INPUT, f"{folder} is no folder that can be read; name one that holds KEY.yaml files")
    refused: list[Misread] = []
    trees: list[tuple[Path, Tree]] = []
    for path in _files(folder, refused):
        try:
            trees.append((path, _tree(folder, path)))
        except Misread as error:
            refused.append(error)
    name, title, document = _about(folder, trees, refused)
    policies: dict[str, Written] = {}
    for path, tree in trees:
        if path.name == ABOUT:
            continue
        try:
            written = policy(tree, path.stem)
            if (first := policies.setdefault(path.stem, written)) is not written:
                raise tree.refused(("key",), f"{path.stem} is also the key of {first.file}; keep one of the two")
        except Misread as error:
            refused.append(error)
    if not policies and not refused:
        raise Refused(Code.BAD_INPUT, f"{folder} holds no policies; write each as KEY.yaml, its key as the file's name")
    return Bundle(name, title, document, tuple(policies[key] for key in sorted(policies)), tuple(refused))


def policy(tree: Tree, stem: str) -> Written:
    """One file's policy. Refuses, with line and column, what no policy says."""
    top = shape.section(tree, (), tree.value, KEYS)
    if (key := top.text("key")) != stem:
        raise top.refused("key", f"the key is {key[:100]!r} and the file {stem}.yaml; give both the same name")
    rule = top.text("rule")
    limits, applies = top.inner("service_level", SERVICE_LEVEL) if _by_severity(top) else None, _applies(top)
    wording = Wording(
        key=key,
        title=top.text("title"),
        rule=rule,
        rationale=top.text("rationale"),
        remediation=top.text("remediation"),
        severity=top.choice("severity", Severity),
        enforcement=top.choice("enforcement", Enforcement),
        decision_points=top.choices("decision_points", DecisionPoint),
        tiers=applies.choices("tiers", RiskTier),
        stages=applies.choices("stages", Stage),
        service_level_days=limits.whole(OTHERWISE, default=30) if limits else top.whole("service_level", default=30),
        longest_exception_days=top.whole("longest_exception_days", default=90),
        registries=applies.texts("registries"),
        model_types=applies.texts("model_types"),
        data_categories=applies.texts("data_categories"),
        model_tags=applies.texts("model_tags"),
        tags=top.texts("tags"),
        principle=top.text("principle", default=""),
        citations=tuple(_citation(one) for one in top.each("citations", CITATION)),
        schedule=tuple(_step(one) for one in top.each("schedule", STEP)),
        service_levels=_levels(limits),
        review_on=top.day("review_on"),
        validators=top.texts("validators"),
        safe_rollback=top.truth("safe_rollback"),
    )
    return Written(tree, _checked(top, wording), fixtures.fixtures(top, wording))


def _checked(top: Section, wording: Wording) -> Wording:
    """The wording as the hub would publish it; its refusal is told by the place in the file."""
    try:
        return checked(wording)
    except Refused as error:
        field = re.sub(r"([A-Z])", r"_\1", error.field or "").lower().split(".")[0]
        path = _PLACES.get(field, (field,))
        if field == "rule" and (found := _IN_RULE.fullmatch(error.why)):
            line, column, why = int(found[1]), int(found[2]), found[3]
            # The rule goes to the compiler without the space around it.
            begin = top.values["rule"]
            before = begin[: len(begin) - len(begin.lstrip())]
            column += len(before) - (before.rfind("\n") + 1) if line == 1 else 0
            raise Misread(top.tree.name, top.tree.within(path, line + before.count("\n"), column), why) from None
        raise top.tree.refused(path, error.why) from None


def _applies(top: Section) -> Section:
    return top.inner("applies_to", APPLIES_TO)


def _by_severity(top: Section) -> bool:
    return isinstance(top.values.get("service_level"), dict)


def _levels(limits: Section | None) -> Mapping[Severity, int]:
    if limits is None:
        return {}
    return {Severity(name.upper()): limits.whole(name) for name in limits.values if name != OTHERWISE}


def _citation(one: Section) -> Citation:
    return Citation(
        one.text("framework"), one.text("reference"), one.text("title", default=""), one.text("url", default="")
    )


def _step(one: Section) -> EnforcementStep:
    severity = one.choice("severity", Severity) if one.values.get("severity") is not None else None
    return EnforcementStep(
        enforcement=one.choice("enforcement", Enforcement),
        severity=severity,
        tiers=one.choices("tiers", RiskTier),
        stages=one.choices("stages", Stage),
        starts_on=one.day("starts_on"),
    )


def _about(folder: Path, trees: list[tuple[Path, Tree]], refused: list[Misread]) -> tuple[str, str, Mapping[str, Any]]:
    """The bundle's name, title and the document that fixtures begin with."""
    title, document, name = "", {}, folder.resolve().name
    for path, tree in trees:
        if path.name != ABOUT:
            continue
        try:
            if path.parent != folder:
                raise tree.refused((), f"{ABOUT} stands beside the policies of the whole bundle, in {folder}")
            top = shape.section(tree, (), tree.value, ("name", "title", "document"))
            name, title = top.text("name"), top.text("title", default="")
            if KEY.fullmatch(name) is None:
                raise top.refused("name", f"{name[:100]!r} is no name; it takes lower-case letters, digits and hyphens")
            document = fixtures.fitting(top, "document")
        except Misread as error:
            refused.append(error)
    if KEY.fullmatch(name) is None and not refused:
        raise Refused(
            Code.BAD_INPUT, f"{name[:100]!r} cannot name a bundle; write {folder / ABOUT} with name: and a short name"
        )
    return name, title, document


def _files(folder: Path, refused: list[Misread]) -> Iterator[Path]:
    """Every YAML file, in the order of their names; hidden folders, such as Git's own, are left out."""
    found: list[Path] = []

    def unseen(error: OSError) -> None:
        # Left out in silence, its policies would be taken for ones that are to be retired.
        refused.append(_misread(folder, Path(error.filename), f"it cannot be looked into ({error.strerror})"))

    for parent, folders, names in os.walk(folder, onerror=unseen):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in folders:
            if (path := Path(parent, name)).is_symlink():
                refused.append(_misread(folder, path, "a link to a folder is not followed; put its files here"))
        found += [Path(parent, name) for name in names if name.lower().endswith((".yaml", ".yml")) and name[0] != "."]
    if len(found) > MOST_FILES:
        raise Refused(Code.BAD_INPUT, f"{folder} holds {len(found)} YAML files; at most {MOST_FILES} make a bundle")
    return iter(sorted(found))


def _tree(folder: Path, path: Path) -> Tree:
    name = _name(folder, path)
    if path.suffix != ".yaml":
        raise _misread(folder, path, f"policies end in .yaml; rename it to {path.stem}.yaml")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise _misread(folder, path, "a link that leads out of the folder is not read; put the file itself here")
    try:
        # A pipe or a device would keep a reader waiting for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            raise _misread(folder, path, "it is no regular file; put a file here")
        with path.open("rb") as file:
            raw = file.read(yaml_text.MOST_BYTES + 1)
    except OSError as error:
        raise _misread(folder, path, f"it cannot be read ({error.strerror}); check who may read it") from None
    return yaml_text.tree(yaml_text.decoded(raw, name=name), name=name)


def _misread(folder: Path, path: Path, what: str) -> Misread:
    return Misread(_name(folder, path), Place(1, 1), what)


def _name(folder: Path, path: Path) -> str:
    """The file as a person would open it from where they stand."""
    return str(path) if folder != STARTER else path.name
