"""What a validator is: the port that plugins of the entry point group `hub.checks` implement.

Nothing else of the hub is imported here, so that a validator's process starts quickly and knows no secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

Kind = Literal[
    "PERFORMANCE",
    "SEGMENTS",
    "FAIRNESS",
    "ROBUSTNESS",
    "EXPLAINABILITY",
    "DATA_VALIDATION",
    "SECURITY",
    "PRIVACY",
    "LOAD",
]
"""What the evidence is about; the words of EvidenceKind."""

Conclusion = Literal["PASS", "FAIL", "NONE"]

LONGEST_TIMEOUT_S = 600.0
MOST_BYTES = 1_000_000
"""Bytes of JSON that a finding may have."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a validator concludes, with figures that are finite numbers and details that are JSON."""

    verdict: Conclusion
    figures: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""


@runtime_checkable
class Validator(Protocol):
    """A heavy check of one version.

    An entry point names an object of this kind; `name` is the entry point's. To import its module must be cheap, for
    the hub reads title, kind and time-out from it; `validate` runs in a process of its own, which ends after
    `timeout_s` seconds, at most LONGEST_TIMEOUT_S.

    The document has `model` {name, registry, tier}, `version` {name, digest, artifact_uri, code_commit, params,
    signature} and `datasets`, each {name, namespace, digest, role, source_kind, columns, profile}. What is not known
    is null.
    """

    name: str
    title: str
    kind: Kind
    timeout_s: float

    def validate(self, document: Mapping[str, Any]) -> Finding:
        """Look at a version; whatever is raised means that nothing is known, neither good nor bad."""
        ...
