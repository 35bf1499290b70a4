"""How fast rules are: asked with explanation, beside the bare engine and beside cel-python, interleaved in one run.

python -m bench.rules [--quick]
"""

import argparse
import gc
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from time import process_time
from typing import Any

import celpy
from celpy import celtypes
from celpy.adapter import json_to_cel
from celpy.evaluation import CELEvalError

from bench.reads import ratio, table
from hub.checks.rules import explain, judge
from hub.policies.cel import Document, Verdict, compile_rule, evaluate_all
from hub.policies.engine import compiled, env
from hub.policies.tables import Enforcement

ROUNDS = 40
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

SHAPES = (
    "model.owner != null",
    "model.classified == true && model.tier in ['MINIMAL', 'LIMITED', 'HIGH']",
    "has(card.intended_use) && has(card.training_data) && has(card.ethical_considerations)",
    "size(card.quantitative_analyses) >= {n}",
    "lineage.training_datasets > 0 && lineage.described == lineage.datasets",
    "datasets.all(d, !('PERSONAL' in d.categories) || d.legal_basis != '')",
    "!datasets.exists(d, d.prohibited == true)",
    "version.digest != '' && version.code_commit != '' && lineage.datasets > 0",
    "metrics.recall >= 0.{n}",
    "metrics.recall >= 0.{n} && metrics.precision >= 0.{n} && metrics.auc >= 0.9",
    "segments.recall.all(group, segments.recall[group] >= 0.{n})",
    "evidence.fairness.figures['demographic_parity'] <= 0.{n}",
    "evidence.fairness.figures.equal_opportunity <= 0.{n} && evidence.fairness.verdict == 'PASS'",
    "has(evidence.robustness) && evidence.robustness.verdict == 'PASS' && evidence.robustness.age_days <= {n}",
    "has(evidence.explainability) && evidence.explainability.age_days <= {n}",
    "has(evidence.security) && evidence.security.verdict == 'PASS'",
    "evidence.performance.reproducible == true && evidence.performance.disputed == false",
    "stage != 'PRODUCTION' || size(kpis) > 0",
    "deployment.stage_before in ['STAGING', 'PRODUCTION']",
    "stage != 'PRODUCTION' || deployment.approved == true",
    "now - timestamp(evidence.performance.measured_at) <= duration('{n}00h')",
    "metrics.drift <= 0.{n} && metrics.degradation <= 0.{n}",
    "lineage.overlap == 0",
    "datasets.all(d, d.licence != '') && version.tags.licence in ['MIT', 'Apache-2.0']",
    "has(deployment.rollback_target) || model.tier == 'MINIMAL'",
    "model.tier != 'HIGH' || (has(card.caveats_and_recommendations) && 'oversight' in version.tags)",
    "'review.by' in version.tags && version.tags['review.by'] != version.author",
)
"""What the policies of a hub ask; a hundred are made of them, with bounds of their own."""


def rules(number: int = 100) -> list[str]:
    """A hundred rules of mixed shapes."""
    return [SHAPES[i % len(SHAPES)].replace("{n}", str(10 + (i * 37) % 80)) for i in range(number)]


def document(*, good: bool) -> dict[str, Any]:
    """A version that keeps most of the rules, or few of them; nothing that they need is missing."""
    reports = {
        kind: {
            "verdict": "PASS" if good else "FAIL",
            "figures": {"demographic_parity": 0.04 if good else 0.99, "equal_opportunity": 0.05 if good else 0.99},
            "measured_at": "2026-10-30T12:00:00Z" if good else "2025-01-30T12:00:00Z",
            "age_days": 3 if good else 641,
            "reproducible": good,
            "disputed": not good,
        }
        for kind in ("performance", "fairness", "robustness", "explainability", "security")
    }
    return {
        "model": {
            "name": "breast-cancer", "tier": "HIGH", "owner": "ada" if good else None, "classified": good,
            "restricted": False, "registry": "mlflow", "tags": {f"tag.{i}": "value" for i in range(8)},
        },
        "version": {
            "name": "3", "stage": "STAGING", "author": "ada", "digest": "d" * 64, "code_commit": "c" * 40 * good,
            "tags": {"review.by": "bob" if good else "ada", "oversight": "yes", "licence": "MIT" if good else "none"},
            "params": {f"p{i}": "1" for i in range(12)}, "aliases": ["champion"], "age_days": 40,
        },
        "card": {
            name: "A sentence or two about it. " * 4
            for name in ("intended_use", "training_data", "ethical_considerations", "quantitative_analyses",
                         "caveats_and_recommendations")
            if good or name in ("intended_use", "quantitative_analyses")
        },
        "metrics": {"recall": 0.96 if good else 0.05, "precision": 0.93 if good else 0.05, "auc": 0.97,
                    "drift": 0.01 if good else 0.95, "degradation": 0.01 if good else 0.95,
                    **{f"m{i}": i / 10 for i in range(10)}},
        "segments": {"recall": {f"age.{i}": (0.95 if good else 0.09) - i / 100 for i in range(6)}},
        "datasets": [
            {"name": f"set-{i}", "role": role, "digest": f"d{i}", "categories": ["PERSONAL"], "licence": "CC-BY",
             "legal_basis": "consent" if good or i else "", "prohibited": not good}
            for i, role in enumerate(("TRAINING", "TRAINING", "EVALUATION"))
        ],
        "evidence": reports,
        "lineage": {"runs": 1, "datasets": 3, "training_datasets": 2, "evaluation_datasets": 1,
                    "overlap": 0 if good else 1, "described": 3 if good else 1},
        "deployment": {"stage_before": "STAGING" if good else "DEVELOPMENT", "approved": good, "running": 1,
                       "environments": ["eu"], **({"rollback_target": "2"} if good else {})},
        "kpis": {"false_alarms": "< 3 a day"} if good else {},
        "stage": "PRODUCTION",
        "decision_point": "DEPLOY",
        "now": NOW,
    }  # fmt: skip


def lacking(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same version before anybody has measured anything."""
    return {**values, "evidence": {}, "metrics": {}, "segments": {}}


def told(verdict: Verdict) -> str:
    """All that a check makes of a verdict in words."""
    return explain(judge(verdict, Enforcement.BLOCKING, None), verdict, {})


def interleave(sides: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Microseconds of each side, round by round; who begins moves on by one each round."""
    took: dict[str, list[float]] = {name: [] for name in sides}
    names = list(sides)
    for side in sides.values():
        side()
    gc.collect()
    gc.disable()
    try:
        for at in range(rounds):
            for name in names[at % len(names) :] + names[: at % len(names)]:
                begin = process_time()
                sides[name]()
                took[name].append((process_time() - begin) * 1e6)
    finally:
        gc.enable()
    return took


def shown(title: str, took: Mapping[str, list[float]], beside: str, each: int) -> None:
    """One row for each side: microseconds for one rule, and the ratio to another side's."""
    print(title)
    rows = [(name, f"{median(times) / each:.2f}", f"{ratio(times, took[beside]):.2f}") for name, times in took.items()]
    table(("", "µs a rule", "ratio"), rows)


def measure(*, quick: bool = False) -> None:
    """Every comparison, on documents that keep all, most or few of the rules, and on one that lacks much."""
    rounds = 6 if quick else ROUNDS
    texts = rules()
    compile_them = interleave({"compile": lambda: [compile_rule.__wrapped__(text) for text in texts]}, 3)["compile"]
    print(f"  ({len(texts)} rules, {median(compile_them) / len(texts):.0f} µs to compile one)\n")
    asked = [compile_rule(text) for text in texts]
    whole = [compiled(text) for text in texts]
    good, poor = document(good=True), document(good=False)
    mixed = {**good, "evidence": poor["evidence"], "metrics": poor["metrics"]}
    each = {"keeps all": good, "keeps most": mixed, "keeps few": poor, "lacks much": lacking(good)}
    for name, values in each.items():
        _beside_bare(name, values, asked, whole, rounds)
    _others(good, texts, asked, rounds)


def _beside_bare(name: str, values: dict[str, Any], asked: Sequence[Any], whole: Sequence[Any], rounds: int) -> None:
    ready = Document(values)
    activation = env().Activation(values)
    verdicts = [rule.evaluate(ready) for rule in asked]
    kept, broken, errors = (sum(verdict.holds is one for verdict in verdicts) for one in (True, False, None))
    assert [v.holds for v in verdicts if v.holds is not None] == [
        expression.eval(activation).value()
        for expression, v in zip(whole, verdicts, strict=True)
        if v.holds is not None
    ], "the engine says something else"
    assert [told(v) for v in verdicts] == [told(v) for v in evaluate_all(asked, ready)]
    sides = {
        "bare engine": lambda: [expression.eval(activation).value() for expression in whole],
        "passes": lambda: [rule.passes(ready) for rule in asked],
        "evaluate": lambda: [rule.evaluate(ready) for rule in asked],
        "evaluate, in words": lambda: [told(rule.evaluate(ready)) for rule in asked],
        "evaluate_all": lambda: evaluate_all(asked, ready),
        "evaluate_all, in words": lambda: [told(verdict) for verdict in evaluate_all(asked, ready)],
        "evaluate_all, clause by clause": lambda: [verdict.told for verdict in evaluate_all(asked, ready)],
    }
    print(f"A version that {name}: {kept} kept, {broken} not kept, {errors} not told", end="; ")
    shown(
        "ratios to the bare engine (goal in words: at most 1.50)", interleave(sides, rounds), "bare engine", len(asked)
    )


def _others(values: dict[str, Any], texts: Sequence[str], asked: Sequence[Any], rounds: int) -> None:
    ready = Document(values)
    sides: dict[str, Callable[[], object]] = {
        "document made once": lambda: evaluate_all(asked, Document(values)),
        "document made for each rule": lambda: [rule.evaluate(Document(values)) for rule in asked],
    }
    shown("The document, made ready once or for each rule", interleave(sides, rounds), "document made once", len(asked))
    python = celpy.Environment()
    programs = [python.program(python.compile(text)) for text in texts]
    given: Any = json_to_cel(json.loads(json.dumps(values, default=str)))
    given["now"] = celtypes.TimestampType(NOW.isoformat())

    def by_python() -> list[object]:
        found: list[object] = []
        for program in programs:
            try:
                found.append(program.evaluate(given))
            except CELEvalError as error:
                found.append(error)
        return found

    by_engine = [verdict.holds for verdict in evaluate_all(asked, ready)]
    same = sum(bool(one) is held for one, held in zip(by_python(), by_engine, strict=True))
    sides = {"evaluate_all, in words": lambda: [told(v) for v in evaluate_all(asked, ready)], "cel-python": by_python}
    shown(
        f"cel-python, which explains nothing; it says the same of {same} of {len(asked)} rules",
        interleave(sides, min(rounds, 4)),
        "evaluate_all, in words",
        len(asked),
    )


def run(*, quick: bool = False) -> None:
    measure(quick=quick)


if __name__ == "__main__":
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--quick", action="store_true", help="fewer rounds")
    run(quick=given.parse_args().quick)
