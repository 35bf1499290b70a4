"""Folders of policies: what is read, and how each hostile or mistaken file is refused by its place."""

import os
from datetime import date
from pathlib import Path

import pytest

from hub.errors import Code, Refused
from hub.models.tables import RiskTier, Stage
from hub.policies.bundles import reading
from hub.policies.rules import Citation, EnforcementStep
from hub.policies.tables import DecisionPoint, Enforcement, Severity
from tests.policies.bundles.writing import bundle, policy

WHOLE = """\
key: whole
title: Everything a file may say
principle: Accountability
rationale: So that a test can see all of it at once.
severity: high
enforcement: warning
decision_points: [DEPLOY, PROMOTE]
applies_to:
  tiers: [HIGH, LIMITED]
  stages: PRODUCTION
  registries: [main]
  model_types: [classifier]
  data_categories: [PERSONAL]
  model_tags: [data_subjects, "region=eu"]
schedule:
  - {enforcement: ADVISORY, tiers: [LIMITED]}
  - {enforcement: BLOCKING, severity: CRITICAL, starts_on: 2027-03-01}
  - {enforcement: BLOCKING, stages: [PRODUCTION], starts_on: "2027-06-01"}
service_level: {critical: 2, high: 7, otherwise: 60}
longest_exception_days: 14
citations:
  - {framework: GDPR, reference: "9", title: Special categories, url: "https://example.com/9"}
tags: [privacy, data]
review_on: 2027-11-02
validators: [onnx-opens]
safe_rollback: true
rule: |
  model.owner != null
remediation: Do what is to be done.
"""


def only(folder: Path) -> str:
    """The one refusal of a folder."""
    (error,) = reading.read(folder).refused
    assert error.code is Code.BAD_INPUT
    return error.why


def test_a_file_says_all_of_a_wording(tmp_path: Path) -> None:
    found = reading.read(bundle(tmp_path / "mine", whole=WHOLE))
    (written,) = found.sound().policies
    wording = written.wording
    assert found.name == "mine"
    assert (wording.key, wording.severity, wording.enforcement) == ("whole", Severity.HIGH, Enforcement.WARNING)
    assert wording.decision_points == (DecisionPoint.DEPLOY, DecisionPoint.PROMOTE)
    assert (wording.tiers, wording.stages) == ((RiskTier.HIGH, RiskTier.LIMITED), (Stage.PRODUCTION,))
    assert (wording.registries, wording.model_types) == (("main",), ("classifier",))
    assert (wording.data_categories, wording.model_tags) == (("PERSONAL",), ("data_subjects", "region=eu"))
    assert wording.schedule == (
        EnforcementStep(Enforcement.ADVISORY, tiers=(RiskTier.LIMITED,)),
        EnforcementStep(Enforcement.BLOCKING, Severity.CRITICAL, starts_on=date(2027, 3, 1)),
        EnforcementStep(Enforcement.BLOCKING, stages=(Stage.PRODUCTION,), starts_on=date(2027, 6, 1)),
    )
    assert wording.service_levels == {Severity.CRITICAL: 2, Severity.HIGH: 7}
    assert (wording.service_level_days, wording.longest_exception_days) == (60, 14)
    assert wording.citations == (Citation("GDPR", "9", "Special categories", "https://example.com/9"),)
    assert (wording.tags, wording.review_on) == (("data", "privacy"), date(2027, 11, 2))
    assert (wording.validators, wording.safe_rollback) == (("onnx-opens",), True)
    assert wording.rule == "model.owner != null"


def test_a_bundle_has_a_name_and_a_document(tmp_path: Path) -> None:
    about = "name: ours\ntitle: Our policies\ndocument: {metrics: {recall: 1}}\n"
    found = reading.read(bundle(tmp_path / "Odd Name", bundle=about, owned=policy())).sound()
    assert (found.name, found.title, found.document) == ("ours", "Our policies", {"metrics": {"recall": 1.0}})


def test_a_folder_whose_name_cannot_name_a_bundle_asks_for_one(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"'Odd Name' cannot name a bundle; write .*bundle\.yaml with name:"):
        reading.read(bundle(tmp_path / "Odd Name", owned=policy()))


def test_folders_below_are_read_and_hidden_ones_are_not(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=policy(), data__known=policy("known"))
    (folder / ".git").mkdir()
    (folder / ".git" / "broken.yaml").write_text(":")
    (folder / ".#owned.yaml").symlink_to("/nowhere")
    (folder / "README.md").write_text("# no policy")
    assert [one.wording.key for one in reading.read(folder).sound().policies] == ["known", "owned"]


def test_a_key_in_two_files_is_refused_with_both(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=policy(), z__owned=policy())
    assert only(folder) == (
        f"{folder}/z/owned.yaml:1:6: owned is also the key of {folder}/owned.yaml; keep one of the two"
    )


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("key: owned", "key: other", "1:6: the key is 'other' and the file owned.yaml; give both the same name"),
        ("title: A title\n", "", "1:1: title is not there; every policy has one"),
        ("title: A title", "title: true", '2:8: title is true; write a text, in quotes if need be: "true"'),
        ("title: A title", "title: 2027-01-01", '2:8: title is a day; write a text, in quotes'),
        ("title: A title", "titel: A title", "2:1: 'titel' is no key here; did you mean title?"),
        ("title: A title", "title:", "2:1: title is not there; every policy has one"),
        ("severity: HIGH", "severity: huge", "4:11: severity is 'huge'; choose from CRITICAL, HIGH, MEDIUM, LOW, INFO"),
        ("severity: HIGH", "severity: no", '4:11: no is false to some readers of YAML; write false, or "no"'),
        ("[PROMOTE]", "PROMOTED", "6:18: decision_points is 'PROMOTED'; choose from REGISTER, PROMOTE"),
        ("[PROMOTE]", "{PROMOTE: true}", "6:18: decision_points is a mapping; write a list"),
        ("[PROMOTE]", "[]", "6:18: decisionPoints is empty; choose from REGISTER"),
        ("{high: 7}", "{hihg: 7}", "7:17: 'hihg' is no key here; did you mean high?"),
        ("{high: 7}", "seven", "7:16: service_level is 'seven'; write a whole number"),
        ("{high: 7}", "0", "7:16: 0 days asked; 1 to 3650 are allowed"),
        ("{high: 7}", "{high: true}", "7:23: high is true; write a whole number"),
        ("2027-11-02", "soon", "10:12: review_on is 'soon'; write a day as 2027-03-31"),
        ("2027-11-02", "2027-11-02T10:00:00Z", "10:12: review_on is an instant; write a day as 2027-03-31"),
        ("https://example.com/gdpr", "ftp://x", "9:3: 'ftp://x' is no address of a page"),
        ("expect: PASS", "expect: OK", "15:56: expect is 'OK'; choose from PASS, FAIL, WARN, ERROR, SKIP"),
        ("given: {model: {owner: ada}}", "given: {modle: {owner: ada}}", "15:26: a document has no modle; did"),
        ("{owner: ada}", "{ownr: ada}", "15:34: model has no field ownr; did you mean owner?"),
        ("name: broken", "name: kept", "16:12: 'kept' is the name of two tests; give each its own"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_by_its_line_and_column(tmp_path: Path, old: str, new: str, told: str) -> None:
    text = policy()
    assert old in text
    why = only(bundle(tmp_path / "mine", owned=text.replace(old, new, 1)))
    assert why.startswith(f"{tmp_path}/mine/owned.yaml:{told}"), why


def test_a_rule_that_does_not_compile_is_told_where_it_stands_in_the_file(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=policy(rule="model.owner != null &&\n    metrics.recall >= 'x'"))
    why = only(folder)
    assert why.startswith(f"{folder}/owned.yaml:13:20: "), why
    plain = policy().replace("rule: |\n  model.owner != null", "rule: '  modle.owner != null'")
    why = only(bundle(tmp_path / "more", owned=plain))
    assert why.startswith(f"{tmp_path}/more/owned.yaml:11:15: undeclared reference to 'modle"), why


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"\x89PNG\r\n\x1a\n", ":1:1: byte 0x89 is not UTF-8"),
        (b"a" * 2_000_000, ":1:1: more than 1000000 bytes"),
        (b"key: owned\nrule:\n\t- x\n", ":3:1: a tab stands where YAML takes spaces"),
        (b"key: &k owned\nrule: *k\n", ":1:6: &k is an anchor"),
        (b"- a\n- b\n", ":1:1: this is a list; write key: value lines"),
        (b"", ":1:1: the file is empty"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(tmp_path: Path, raw: bytes, told: str) -> None:
    folder = bundle(tmp_path / "mine", owned=raw)
    assert only(folder).startswith(f"{folder}/owned.yaml{told}")


def test_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(policy("secret"))
    folder = bundle(tmp_path / "mine", owned=policy())
    (folder / "secret.yaml").symlink_to(tmp_path / "secret.yaml")
    assert "a link that leads out of the folder is not read" in only(folder)
    (folder / "secret.yaml").unlink()
    (tmp_path / "elsewhere").mkdir()
    (folder / "below").symlink_to(tmp_path / "elsewhere")
    assert "a link to a folder is not followed" in only(folder)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=policy())
    os.mkfifo(folder / "pipe.yaml")
    assert "it is no regular file" in only(folder)


def test_a_folder_that_cannot_be_looked_into_is_not_left_out_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bundle(tmp_path / "mine", owned=policy(), below__second=policy("second"))
    scandir = os.scandir

    def closed(path: str) -> object:
        if str(path).endswith("below"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    assert only(folder) == f"{folder}/below:1:1: it cannot be looked into (Permission denied)"


def test_a_file_with_another_ending_is_not_left_out_in_silence(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", owned=policy())
    (folder / "second.yml").write_text(policy("second"))
    assert only(folder) == f"{folder}/second.yml:1:1: policies end in .yaml; rename it to second.yaml"


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"holds no policies; write each as KEY\.yaml"):
        reading.read(bundle(tmp_path / "mine", bundle="name: mine\n"))
    with pytest.raises(Refused, match="is no folder that can be read"):
        reading.read(tmp_path / "nowhere")


def test_every_bad_file_is_told_at_once(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "mine", a="key: ]", b="key: 1", owned=policy())
    found = reading.read(folder)
    assert [one.wording.key for one in found.policies] == ["owned"]
    with pytest.raises(Refused) as caught:
        found.sound()
    assert [line.rpartition("/")[2][:7] for line in caught.value.why.splitlines()] == ["a.yaml:", "b.yaml:"]
