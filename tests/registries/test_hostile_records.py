"""What the MLflow adapter makes of records that are empty, huge, or out to harm: kept inert, or rejected."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from asking import (
    MADE,
    MEGABYTES_10,
    MODELS,
    RUNS,
    VERSIONS,
    config,
    details,
    model,
    models,
    sweep_models,
    sweep_versions,
    version,
    versions,
)
from hostile import Hostile, endless, says

from hub.registries.adapter import (
    Limits,
    Metric,
    Page,
    RegistryVersion,
    Rejected,
    Tag,
)


async def test_an_empty_registry_is_one_empty_last_page(hostile: Hostile) -> None:
    assert await sweep_models(config(hostile)) == [Page((), last=True)]
    assert await sweep_versions(config(hostile)) == [Page((), last=True)]


async def test_names_that_cannot_be_kept_are_rejected_and_the_sweep_goes_on(hostile: Hostile) -> None:
    odd = ["", "   ", None, 5, MEGABYTES_10, "a\x00b", "../../etc/passwd", "<script>alert(1)</script>", "x" * 500]
    records: list[object] = [model(name) for name in odd]
    hostile.on(MODELS, says(models(*records, "no record", ["neither"], model("last"))))
    (page,) = await sweep_models(config(hostile))
    assert [one.name for one in page.items] == ["../../etc/passwd", "<script>alert(1)</script>", "x" * 500, "last"]
    assert page.rejected == (
        Rejected("", "a model without a name"),
        Rejected("   ", "a model without a name"),
        Rejected("(NoneType)", "a model without a name"),
        Rejected("(int)", "a model without a name"),
        Rejected(
            "x" * 80 + "… (10,485,760 characters)", "a model with a name of 10,485,760 characters; at most 500 are kept"
        ),
        Rejected("ab", "a model with a name that holds NUL or half a character"),
        Rejected("no record", "a model that is no record"),
        Rejected("(list)", "a model that is no record"),
    )


async def test_versions_without_number_or_birth_are_rejected(hostile: Hostile) -> None:
    unborn = version("m", "2", creation_timestamp=0)
    hostile.on(
        VERSIONS, says(versions(version("m", "one"), version("m", None), unborn, version("", "3"), version("m", 4)))
    )
    (page,) = await sweep_versions(config(hostile))
    assert [one.external_id for one in page.items] == [f"4@{MADE}"]
    assert page.rejected == (
        Rejected("m/one", "a version without a number"),
        Rejected("m", "a version without a number"),
        Rejected("m/2", "a version without a creation time, which is part of what it is"),
        Rejected("/3", "a version of a model without a name"),
    )


async def test_a_tag_of_10_megabytes_is_cut_and_its_digest_kept(hostile: Hostile) -> None:
    tags = [{"key": "big", "value": MEGABYTES_10}, {"key": "k" * 400, "value": "v"}, {"key": "nul", "value": "a\x00b"}]
    hostile.on(VERSIONS, says(versions(version("m", tags=[*tags, {"key": ""}, "junk", {"key": "none"}]), version("n"))))
    (page,) = await sweep_versions(config(hostile))
    assert len(page.items) == 2
    assert page.items[0].tags == (
        Tag("big", "x" * 99_999 + "…", hashlib.sha256(MEGABYTES_10.encode()).hexdigest()),
        Tag("k" * 283 + "~" + hashlib.sha256(b"k" * 400).hexdigest()[:16], "v"),
        Tag("none", ""),
        Tag("nul", "ab", hashlib.sha256(b"a\x00b").hexdigest()),
    )


async def test_half_characters_and_bare_nan_do_not_stop_a_page(hostile: Hostile) -> None:
    text = b'{"registered_models": [{"name": "m", "description": "half \\ud83d end", "creation_timestamp": NaN}]}'
    hostile.on(MODELS, says(text))
    (page,) = await sweep_models(config(hostile))
    assert [(one.description, one.created_at) for one in page.items] == [("half \ufffd end", None)]


async def test_a_duplicate_in_a_page_counts_once(hostile: Hostile) -> None:
    hostile.on(MODELS, says(models(model("m", description="old"), model("m", description="new"))))
    (page,) = await sweep_models(config(hostile))
    assert [one.description for one in page.items] == ["new"]


def one_version(**more: Any) -> RegistryVersion:
    born = datetime(2026, 1, 1, tzinfo=UTC)
    given: dict[str, Any] = {"source_uri": "s3://b/m", "run_id": "r1", **more}
    return RegistryVersion(
        model_id="m", external_id="1@0", number="1", created_at=born, updated_at=None, description="", stage=None,
        status="READY", author=None, code_commit=None, **given,
    )  # fmt: skip


def with_experiments(hostile: Hostile, run: object) -> None:
    hostile.on("experiments/search", says({"experiments": [{"experiment_id": "7"}, {"experiment_id": "' OR 1=1"}, 3]}))
    hostile.on(RUNS, says({"runs": [run]}))


async def test_hostile_ids_never_reach_a_filter(hostile: Hostile) -> None:
    with_experiments(hostile, {})
    evil = "x') OR run_id != ('"
    (found,) = await details(config(hostile), [one_version(run_id=evil, source_uri=f"models:/m-{evil}")])
    assert hostile.times(RUNS) == hostile.times("logged-models/search") == 0
    assert found.notes == (
        f"its run {evil} is not found or too large to read",
        f"its logged model m-{evil} is not found",
    )


async def test_details_of_a_hostile_run_are_bounded(hostile: Hostile) -> None:
    deep = "[" * 500 + "]" * 500
    run = {
        "info": {"run_id": "r1", "run_name": "n" * 1_000, "start_time": "yesterday", "status": 5},
        "data": {
            "metrics": [
                {"key": "a", "value": "NaN"},
                {"key": "b", "value": 1.7976931348623157e308},
                {"key": "c", "value": {"x": 1}},
                {"key": "d", "value": 10**400},
                {"key": "/", "value": 2},
                {"key": 1},
                "junk",
            ],
            "params": [{"key": "p", "value": "v" * 20_000}],
            "tags": "none",
        },
        "inputs": {
            "dataset_inputs": [
                {
                    "dataset": {
                        "name": "d",
                        "digest": None,
                        "schema": deep,
                        "profile": '{"k\\u0000": "a\\u0000b"}',
                        "source": "{",
                    }
                },
                {"dataset": {"name": ""}},
                "junk",
            ]
        },
    }
    with_experiments(hostile, {})
    # The standard library writes integers of any length, orjson does not.
    hostile.on(RUNS, says(json.dumps({"runs": [run]}).encode()))
    (found,) = await details(config(hostile), [one_version()])
    assert found.run is not None
    assert (found.run.name, found.run.started_at, found.run.status) == ("n" * 499 + "…", None, "")
    assert found.run.params == {"p": "v" * 7_999 + "…"}
    (use,) = found.run.uses
    assert (use.dataset.name, use.dataset.digest, use.dataset.columns) == ("d", "", None)
    assert (use.dataset.profile, use.dataset.source, use.role) == ({"k": "ab"}, "{", "TRAINING")
    assert found.metrics == (
        Metric("a", None, text="NaN"),
        Metric("b", None, text="Infinity"),
        Metric("c", None, text="(dict)"),
        Metric("d", None, text="(int)"),
        Metric("/", 2.0),
    )
    sent = [body for body in hostile.bodies if body and "experiment_ids" in body]
    assert [(body["experiment_ids"], body["filter"]) for body in sent] == [(["7"], "attributes.run_id IN ('r1')")]


async def test_runs_too_large_together_are_read_one_by_one(hostile: Hostile) -> None:
    with_experiments(hostile, {})

    hostile.on(RUNS, endless(), says({"runs": [{"info": {"run_id": "r1"}}]}), endless())
    asked = [one_version(), one_version(run_id="r2")]
    found = await details(config(hostile, limits=Limits(body_bytes=1_000_000)), asked)
    assert [one.run is not None for one in found] == [True, False]
    assert found[1].notes == ("its run r2 is not found or too large to read",)
