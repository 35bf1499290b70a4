"""The MLflow adapter against MLflow's own server."""

import asyncio
from datetime import UTC, datetime
from typing import Any

from lab import MLMODEL, Lab

from hub.registries.adapter import (
    AdapterConfig,
    Alias,
    Card,
    DatasetRef,
    DatasetUse,
    Limits,
    Metric,
    Page,
    RegistryDataset,
    RegistryModel,
    RegistryRun,
    RegistryVersion,
    Tag,
    VersionDetails,
)
from hub.registries.digests import content_digest, seen_digest
from integrations.mlflow import adapter


async def models_of(address: str, **limits: int) -> list[Page[RegistryModel]]:
    async with adapter(config(address, **limits)) as registry:
        return [page async for page in registry.models()]


async def versions_of(address: str, **limits: int) -> list[Page[RegistryVersion]]:
    async with adapter(config(address, **limits)) as registry:
        return [page async for page in registry.versions()]


async def details_of(address: str, *versions: RegistryVersion, **limits: int) -> list[VersionDetails]:
    async with adapter(config(address, **limits)) as registry:
        return [one async for page in registry.details(versions) for one in page.items]


async def model_named(address: str, name: str) -> RegistryModel:
    (found,) = [one for page in await models_of(address) for one in page.items if one.name == name]
    return found


async def version_of(address: str, name: str, number: str = "1") -> RegistryVersion:
    (found,) = [
        one for page in await versions_of(address) for one in page.items if (one.model_id, one.number) == (name, number)
    ]
    return found


def config(address: str, **limits: int) -> AdapterConfig:
    return AdapterConfig(key="lab", base_url=address, limits=Limits(**limits))


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


async def test_probe_tells_the_server_version(mlflow: str) -> None:
    async with adapter(config(mlflow + "/")) as registry:
        probe = await registry.probe()
        assert registry.kind == "mlflow"
        assert registry.scope == f"mlflow {mlflow}: all registered models but prompts"
    assert (probe.reachable, probe.authenticated, probe.why) == (True, True, None)
    assert probe.server_version is not None and probe.server_version.startswith("3.")


async def test_a_model_comes_with_tags_aliases_owner_and_card(mlflow: str, lab: Lab) -> None:
    tags = {"owner": "ada@example.org", "card.intended_use": "Second reader.", "card.nonsense": "x", "team": "onco"}
    await lab.model("whole-model", description="Reads biopsies.", tags=tags)
    for _ in range(2):
        made = await lab.version("whole-model")
    await lab.alias("whole-model", "champion", "1")
    await lab.alias("whole-model", "challenger", "2")

    found = await model_named(mlflow, "whole-model")
    assert found.created_at is not None and found.created_at.tzinfo is UTC
    assert found == RegistryModel(
        external_id="whole-model",
        name="whole-model",
        description="Reads biopsies.",
        owner_hint="ada@example.org",
        created_at=found.created_at,
        updated_at=at(made["creation_timestamp"]),
        tags=(
            Tag("card.intended_use", "Second reader."),
            Tag("card.nonsense", "x"),
            Tag("owner", "ada@example.org"),
            Tag("team", "onco"),
        ),
        aliases=(Alias("challenger", "2"), Alias("champion", "1")),
        card=Card(model_details="Reads biopsies.", intended_use="Second reader."),
    )


async def test_a_version_comes_with_what_is_listed_of_it(mlflow: str, lab: Lab) -> None:
    await lab.model("whole-version")
    tags = [{"key": "code.commit", "value": "c0ffee"}, {"key": "card.factors", "value": "Age."}]
    made = await lab.version("whole-version", description="Tuned.", tags=tags)
    await lab.alias("whole-version", "b", "1")
    await lab.alias("whole-version", "a", "1")
    stage: dict[str, Any] = {"name": "whole-version", "version": "1", "stage": "Staging"}
    staged = await lab.call("model-versions/transition-stage", **stage, archive_existing_versions=False)

    assert await version_of(mlflow, "whole-version") == RegistryVersion(
        model_id="whole-version",
        external_id=f"1@{made['creation_timestamp']}",
        number="1",
        created_at=at(made["creation_timestamp"]),
        updated_at=at(staged["model_version"]["last_updated_timestamp"]),
        description="Tuned.",
        stage="STAGING",
        status="READY",
        author=None,
        code_commit="c0ffee",
        source_uri="s3://bucket/m",
        run_id=None,
        tags=(Tag("card.factors", "Age."), Tag("code.commit", "c0ffee")),
        aliases=("a", "b"),
        card=Card(model_details="Tuned.", factors="Age."),
    )


async def test_prompts_are_left_out(mlflow: str, lab: Lab) -> None:
    prompt = {"mlflow.prompt.is_prompt": "true"}
    await lab.model("a-prompt", tags=prompt)
    listed = [{"key": key, "value": value} for key, value in prompt.items()]
    await lab.version("a-prompt", source="prompt-template", tags=listed)
    assert "a-prompt" not in {one.name for page in await models_of(mlflow) for one in page.items}
    assert "a-prompt" not in {one.model_id for page in await versions_of(mlflow) for one in page.items}


async def test_small_pages_give_every_record_once_in_the_order_of_names(mlflow: str, lab: Lab) -> None:
    for name in ("paged-b", "paged-a", "paged-c"):
        await lab.model(name)
        for _ in range(4):
            await lab.version(name)
    small = await versions_of(mlflow, models_per_page=2, versions_per_page=3)
    seen = [(one.model_id, int(one.number)) for page in small for one in page.items]
    assert seen == sorted(seen)
    assert [found for found in seen if found[0].startswith("paged-")] == [
        (name, number) for name in ("paged-a", "paged-b", "paged-c") for number in (1, 2, 3, 4)
    ]
    assert [page.last for page in small] == [False] * (len(small) - 1) + [True]
    assert all(len(page.items) == 3 for page in small[:-1])
    whole = await versions_of(mlflow)
    assert [page.last for page in whole] == [True]
    assert whole[0].items == tuple(one for page in small for one in page.items)
    names = [one.name for page in await models_of(mlflow, models_per_page=2) for one in page.items]
    assert names == sorted(set(names))


async def test_odd_names_come_through_as_they_are(mlflow: str, lab: Lab) -> None:
    odd = """it's "odd" <script>alert(1)<script> ünï 🙂"""
    await lab.model(odd)
    await lab.version(odd)
    await lab.alias(odd, "best", "1")
    found = await version_of(mlflow, odd)
    assert (found.model_id, found.aliases) == (odd, ("best",))
    assert [one.version for one in await details_of(mlflow, found)] == [found]


async def test_a_change_shows_in_the_seen_digest_although_mlflow_keeps_its_timestamp(mlflow: str, lab: Lab) -> None:
    await lab.model("changing")
    await lab.version("changing")
    await lab.version("changing")
    await lab.tag("changing", "1", "approved", "no")
    await lab.alias("changing", "champion", "1")
    before, model_before = await version_of(mlflow, "changing"), await model_named(mlflow, "changing")

    await lab.tag("changing", "1", "approved", "yes")
    tagged = await version_of(mlflow, "changing")
    await lab.alias("changing", "champion", "2")
    moved, model_moved = await version_of(mlflow, "changing"), await model_named(mlflow, "changing")
    update = {"name": "changing", "version": "1", "description": "New."}
    await lab.call("model-versions/update", method="PATCH", **update)
    described = await version_of(mlflow, "changing")

    assert before.updated_at == tagged.updated_at == moved.updated_at
    assert len({seen_digest(one) for one in (before, tagged, moved, described)}) == 4
    assert len({content_digest("r", one) for one in (before, tagged, moved, described)}) == 1
    assert seen_digest(model_before) != seen_digest(model_moved)
    assert seen_digest(await version_of(mlflow, "changing")) == seen_digest(described)


async def test_a_model_deleted_and_made_again_is_another_one(mlflow: str, lab: Lab) -> None:
    await lab.model("again")
    await lab.version("again")
    first = await version_of(mlflow, "again")
    await lab.call("registered-models/delete", method="DELETE", name="again")
    await asyncio.sleep(0.002)
    await lab.model("again")
    await lab.version("again")
    second = await version_of(mlflow, "again")
    assert first.number == second.number == "1"
    assert first.external_id != second.external_id
    assert content_digest("r", first) != content_digest("r", second)


SCHEMA = '{"mlflow_colspec": [{"type": "double", "name": "mean radius", "required": true}]}'


def used(name: str, digest: str, context: str, **tags: str) -> dict[str, Any]:
    return {
        "tags": [{"key": key, "value": value} for key, value in {"mlflow.data.context": context, **tags}.items()],
        "dataset": {
            "name": name,
            "digest": digest,
            "source_type": "s3",
            "source": f'{{"uri": "s3://lake/{name}.csv"}}',
            "schema": SCHEMA,
            "profile": '{"num_rows": 569}',
        },
    }


async def trained(lab: Lab, name: str) -> tuple[str, str, dict[str, Any]]:
    """A version with everything MLflow can tell about it: its run, its logged model, and where that lies."""
    experiment = await lab.experiment(f"{name}-experiment")
    tags = {"mlflow.user": "ada", "mlflow.source.git.commit": "abc123"}
    run = await lab.run(experiment, tags=tags, run_name="lucky-shrew")
    info = await lab.logged_model(experiment, run)
    model_id = info["model_id"]
    await lab.call(
        "runs/log-inputs",
        run_id=run,
        datasets=[
            used("breast", "d0", "source"),
            used("breast-train", "d1", "training", derived_from="breast@d0"),
            used("breast-test", "d2", "testing"),
        ],
    )
    await lab.call("runs/log-batch", run_id=run, params=[{"key": "C", "value": "1"}, {"key": "seed", "value": "7"}])
    on_test = {"model_id": model_id, "dataset_name": "breast-test", "dataset_digest": "d2", "timestamp": 1, "step": 0}
    for key, value in (
        ("recall", 0.91),
        ("recall/mean_radius.large", 0.84),
        ("precision/segment.age.over_60", 0.7),
        ("val/loss", 0.2),
    ):
        await lab.call("runs/log-metric", run_id=run, key=key, value=value, **on_test)
    for key, special in (("odd", "NaN"), ("endless", "Infinity"), ("system/cpu", 12.0)):
        await lab.call("runs/log-metric", run_id=run, key=key, value=special, timestamp=1, step=0, model_id=model_id)
    await lab.call("runs/log-metric", run_id=run, key="only_on_run", value=3.0, timestamp=1, step=0)
    await lab.call("runs/update", run_id=run, status="FINISHED", end_time=1_760_000_060_000)
    await lab.file(info["artifact_uri"], "MLmodel", MLMODEL)
    await lab.model(name)
    await lab.version(name, source=f"models:/{model_id}", run_id=run, model_id=model_id)
    return run, experiment, info


async def test_details_tell_run_data_sets_metrics_artifact_and_signature(mlflow: str, lab: Lab) -> None:
    run, _, info = await trained(lab, "detailed")
    version = await version_of(mlflow, "detailed")
    assert version.source_uri == f"models:/{info['model_id']}"
    (found,) = await details_of(mlflow, version)

    def data(name: str, digest: str) -> RegistryDataset:
        columns = {"mlflow_colspec": [{"type": "double", "name": "mean radius", "required": True}]}
        return RegistryDataset("lab", name, digest, "s3", f"s3://lake/{name}.csv", columns, {"num_rows": 569})

    assert found.run == RegistryRun(
        external_id=run,
        name="lucky-shrew",
        status="FINISHED",
        author="ada",
        code_commit="abc123",
        started_at=at(1_760_000_000_000),
        ended_at=at(1_760_000_060_000),
        params={"C": "1", "seed": "7"},
        uses=found.run.uses if found.run else (),
    )
    assert sorted(found.run.uses, key=lambda use: use.dataset.name) == [
        DatasetUse(data("breast", "d0"), "SOURCE", "source"),
        DatasetUse(data("breast-test", "d2"), "EVALUATION", "testing"),
        DatasetUse(data("breast-train", "d1"), "TRAINING", "training", DatasetRef("breast", "d0")),
    ]
    test = DatasetRef("breast-test", "d2")
    assert sorted(found.metrics, key=lambda metric: (metric.name, metric.segment)) == [
        Metric("endless", None, text="Infinity"),
        Metric("odd", None, text="NaN"),
        Metric("only_on_run", 3.0),
        Metric("precision", 0.7, "age.over_60", dataset=test),
        Metric("recall", 0.91, dataset=test),
        Metric("recall", 0.84, "mean_radius.large", dataset=test),
        Metric("val/loss", 0.2, dataset=test),
    ]
    assert found.artifact_uri == info["artifact_uri"]
    assert found.params == {"C": "0.5", "seed": "7"}
    assert found.signature == {
        "inputs": [
            {"type": "double", "name": "mean radius", "required": True},
            {"type": "double", "name": "patient's age", "required": True},
        ],
        "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}],
    }
    assert (found.author, found.code_commit, found.notes, found.version) == ("ada", "abc123", (), version)


async def test_a_source_under_a_run_is_resolved_through_the_run(mlflow: str, lab: Lab) -> None:
    run = await lab.run(await lab.experiment("old-style"))
    await lab.model("old-style")
    await lab.version("old-style", source=f"runs:/{run}/model", run_id=run)
    (found,) = await details_of(mlflow, await version_of(mlflow, "old-style"))
    assert found.artifact_uri is not None and found.artifact_uri.endswith(f"/{run}/artifacts/model")


async def test_details_come_in_the_order_asked_for_and_by_lots(mlflow: str, lab: Lab) -> None:
    experiment = await lab.experiment("lots")
    await lab.model("lots")
    for number in range(5):
        run = await lab.run(experiment, run_name=f"run-{number}")
        await lab.version("lots", run_id=run)
    asked = [await version_of(mlflow, "lots", str(number)) for number in (4, 1, 5, 3, 2)]
    async with adapter(config(mlflow, details_per_request=2)) as registry:
        pages = [page async for page in registry.details(asked)]
    assert [(len(page.items), page.last) for page in pages] == [(2, False), (2, False), (1, True)]
    names = [one.run.name for page in pages for one in page.items if one.run]
    assert names == ["run-3", "run-0", "run-4", "run-2", "run-1"]


async def test_a_run_in_an_experiment_made_meanwhile_is_found(mlflow: str, lab: Lab) -> None:
    await lab.model("meanwhile")
    await lab.version("meanwhile", run_id=await lab.run(await lab.experiment("meanwhile-1")))
    async with adapter(config(mlflow)) as registry:
        first = [one async for page in registry.details([await version_of(mlflow, "meanwhile")]) for one in page.items]
        await lab.version("meanwhile", run_id=await lab.run(await lab.experiment("meanwhile-2")))
        asked = [await version_of(mlflow, "meanwhile", "2")]
        second = [one async for page in registry.details(asked) for one in page.items]
    assert [one.run is not None for one in first + second] == [True, True]


async def test_a_deleted_run_is_still_told_and_one_that_never_was_is_noted(mlflow: str, lab: Lab) -> None:
    run = await lab.run(await lab.experiment("deleted-run"))
    await lab.model("deleted-run")
    await lab.version("deleted-run", run_id=run)
    await lab.call("runs/delete", run_id=run)
    gone = "0" * 32
    await lab.version("deleted-run", run_id=gone)
    numbers = ("1", "2")
    deleted, absent = await details_of(mlflow, *[await version_of(mlflow, "deleted-run", one) for one in numbers])
    assert deleted.run is not None and deleted.run.external_id == run
    assert (absent.run, absent.notes) == (None, (f"its run {gone} is not found or too large to read",))
