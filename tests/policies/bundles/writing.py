"""Bundles written for tests."""

from pathlib import Path

POLICY = """\
key: {key}
title: A title
rationale: Because a model that nobody answers for is a model that nobody mends.
severity: HIGH
enforcement: BLOCKING
decision_points: [PROMOTE]
service_level: {{high: 7}}
citations:
  - {{framework: GDPR, reference: Article 6, title: Lawfulness of processing, url: "https://example.com/gdpr"}}
review_on: 2027-11-02
rule: |
  {rule}
remediation: Set the owner of the model with setModelOwner and sync.
tests:
  - {{name: kept, given: {{model: {{owner: ada}}}}, expect: PASS}}
  - {{name: broken, expect: FAIL, says: model.owner is null}}
{more}"""


def policy(key: str = "owned", rule: str = "model.owner != null", more: str = "") -> str:
    """A policy's file that nothing is wrong with."""
    return POLICY.format(key=key, rule=rule, more=more)


def bundle(folder: Path, **files: str | bytes) -> Path:
    """A folder of files, each by its name without .yaml; __ stands for a slash, _ for a hyphen."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/').replace('_', '-')}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
