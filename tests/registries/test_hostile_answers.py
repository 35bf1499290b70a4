"""What the MLflow adapter makes of a server that is down, wrong, slow, or without end."""

import asyncio
from contextlib import aclosing

import pytest
from asking import (
    FINE,
    MODELS,
    VERSIONS,
    Pauses,
    config,
    model,
    models,
    sweep_models,
    sweep_versions,
    version,
    versions,
)
from hostile import Answer, Hostile, broken_off, endless, html, says

from hub.errors import Dead, Retry
from hub.registries.adapter import (
    AdapterConfig,
    Basic,
    Bearer,
    Limits,
    Probe,
)
from hub.registries.wire import TooLarge
from integrations.mlflow import adapter


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (says({}, 401), "answered 401, it does not know us: set a valid token, or user and password, for registry lab"),
        (
            says({}, 403),
            "answered 403, these credentials may not read: let their account read all models and experiments, "
            "or set others for registry lab",
        ),
        (html(), "answered HTML, is this the address of an MLflow server?"),
        (says(b" <html>"), "answered HTML, is this the address of an MLflow server?"),
        (says([1]), "answered JSON that is no object, is this the address of an MLflow server?"),
        (html(404), "answered 404, is this the address of an MLflow server?"),
        (
            says({}, 302, location="http://169.254.169.254/latest"),
            "redirects to http://169.254.169.254/latest, which is not followed: give the final address",
        ),
        (
            says({"error_code": "INVALID", "message": "no such\norder"}, 400),
            'refused the request with 400: {"error_code":"INVALID","message":"no such\\norder"}',
        ),
        (says(b"[" * 100_000 + b"]" * 100_000), "answered JSON nested too deep to be a registry's record"),
        (
            says({}, content_encoding="gzip"),
            "compresses what was asked for uncompressed; a proxy in between must not",
        ),
    ],
)
async def test_what_only_a_person_can_mend_is_dead_at_once(hostile: Hostile, answer: Answer, why: str) -> None:
    hostile.on(MODELS, answer)
    pauses = Pauses()
    with pytest.raises(Dead) as dead:
        await sweep_models(config(hostile, pauses))
    assert dead.value.why == f"{hostile.url} {why}"
    assert (hostile.times(MODELS), pauses) == (1, [])
    async with adapter(config(hostile)) as registry:
        assert await registry.probe() == Probe(reachable=True, authenticated=False, why=f"{hostile.url} {why}")


@pytest.mark.parametrize(
    "passing",
    [says({}, 500), says({}, 503), says({}, 429), broken_off(models(model("fine"))), says(b'{"registered_mo')],
)
async def test_what_passes_is_waited_for(hostile: Hostile, passing: Answer) -> None:
    hostile.on(MODELS, passing, passing, FINE)
    pauses = Pauses()
    (page,) = await sweep_models(config(hostile, pauses))
    assert [one.name for one in page.items] == ["fine"]
    assert pauses == [0.5, 1.0]


@pytest.mark.parametrize(
    ("staying", "why"),
    [
        (says({}, 502), "answered 502"),
        (says(b'{"registered_models": [{"name": '), "answered half a page: 32 bytes that end within the JSON"),
    ],
)
async def test_what_does_not_pass_is_for_a_later_sync(hostile: Hostile, staying: Answer, why: str) -> None:
    hostile.on(MODELS, staying)
    pauses = Pauses()
    with pytest.raises(Retry) as retry:
        await sweep_models(config(hostile, pauses))
    assert (retry.value.why, retry.value.after_s) == (f"{hostile.url} {why}", 30.0)
    assert (hostile.times(MODELS), pauses) == (4, [0.5, 1.0, 2.0])


async def test_the_time_a_registry_asks_for_is_kept(hostile: Hostile) -> None:
    pauses = Pauses()
    hostile.on(MODELS, says({}, 429, retry_after="7"), FINE)
    await sweep_models(config(hostile, pauses))
    assert pauses == [7.0]
    hostile.on(MODELS, says({}, 429, retry_after="600"))
    with pytest.raises(Retry) as retry:
        await sweep_models(config(hostile, pauses))
    assert (retry.value.after_s, pauses) == (600.0, [7.0])


async def test_a_dead_port_is_told_quickly() -> None:
    pauses = Pauses()
    nowhere = AdapterConfig(key="lab", base_url="http://127.0.0.1:1", sleep=pauses)
    with pytest.raises(Retry, match=r"http://127\.0\.0\.1:1 cannot be reached: "):
        await sweep_models(nowhere)
    assert pauses == [0.5, 1.0, 2.0]
    async with adapter(nowhere) as registry:
        probe = await registry.probe()
    assert (probe.reachable, probe.authenticated, probe.server_version) == (False, False, None)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ftp://host/", "its address must be http:// or https:// with a host"),
        ("file:///etc/passwd", "its address must be http:// or https:// with a host"),
        ("https://", "its address must be http:// or https:// with a host"),
        ("http://host:99999", "its address must be http:// or https:// with a host"),
        ("http://[::1", "its address must be http:// or https:// with a host"),
        ("", "its address must be http:// or https:// with a host"),
        ("http://ada:secret@host", "its address holds credentials; give them as credentials instead"),
        ("http://host/?a=b", "its address must end with the path, without ? or #"),
    ],
)
def test_an_unfit_address_is_refused_before_any_call(address: str, why: str) -> None:
    with pytest.raises(Dead) as dead:
        adapter(AdapterConfig(key="lab", base_url=address))
    assert dead.value.why == f"registry lab: {why}"


@pytest.mark.parametrize("token", ["", "two words", "a\r\nX-Evil: 1", "ünï"])
def test_an_unfit_token_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(Dead) as dead:
        adapter(AdapterConfig(key="lab", base_url="http://host", credentials=Bearer(token)))
    assert dead.value.why == "registry lab: its token is empty or holds spaces or characters no header takes"
    assert "Evil" not in repr(AdapterConfig(key="lab", base_url="http://host", credentials=Bearer(token)))


@pytest.mark.parametrize(
    ("credentials", "sent"),
    [(None, None), (Bearer("t0ken"), "Bearer t0ken"), (Basic("ada", "p:w"), "Basic YWRhOnA6dw==")],
)
async def test_credentials_are_sent(hostile: Hostile, credentials: Bearer | Basic | None, sent: str | None) -> None:
    await sweep_models(config(hostile, credentials=credentials))
    assert [headers.get("authorization") for headers in hostile.headers] == [sent]


async def test_a_page_too_large_is_asked_for_again_in_smaller_ones(hostile: Hostile) -> None:
    def by_size(most: int) -> Answer:
        whole = says(versions(*[version("m", number) for number in range(1, most + 1)]))
        return lambda request: (whole if int(request.query_params["max_results"]) <= 31 else endless())(request)

    hostile.on(VERSIONS, by_size(31))
    limits = Limits(body_bytes=1_000_000)
    (page,) = await sweep_versions(config(hostile, limits=limits))
    assert len(page.items) == 31
    assert [asked["max_results"] for path, asked in hostile.asked if path == VERSIONS] == ["500", "125", "31"]


async def test_a_body_without_end_is_cut_off(hostile: Hostile) -> None:
    hostile.on(MODELS, endless())
    with pytest.raises(Dead) as dead:
        await sweep_models(config(hostile, limits=Limits(body_bytes=1_000_000)))
    assert dead.value.why == (
        f"{hostile.url} answered more than 1,000,000 bytes at once for a single record; "
        "whoever wrote it must shorten it"
    )
    assert not isinstance(dead.value, TooLarge)


async def test_a_body_that_drips_is_cut_off_in_time(hostile: Hostile) -> None:
    hostile.on(MODELS, endless(b" ", pause_s=0.01))
    with pytest.raises(Retry) as retry:
        await sweep_models(config(hostile, limits=Limits(request_s=0.1, tries=2)))
    assert retry.value.why == f"{hostile.url} did not finish an answer within 0.1 s"
    assert hostile.times(MODELS) == 2


@pytest.mark.parametrize("token", ["same", 7, "x" * 5_000])
async def test_a_page_token_that_leads_nowhere_ends_the_sweep(hostile: Hostile, token: object) -> None:
    hostile.on(MODELS, says(models(model("m"), token=token)))
    with pytest.raises(Dead, match="repeats a page of registered_models instead of going on"):
        await sweep_models(config(hostile))
    assert hostile.times(MODELS) <= 2


async def test_a_promised_page_that_is_empty_fails_the_sweep(hostile: Hostile) -> None:
    hostile.on(MODELS, says(models(model("m"), token="t")), says({}))
    with pytest.raises(Retry, match="promised a further page of registered_models and sent an empty one"):
        await sweep_models(config(hostile))


async def test_a_failing_page_gives_no_last_page_and_nothing_of_itself(hostile: Hostile) -> None:
    hostile.on(
        VERSIONS, says(versions(version("a"), token="t")), says(versions(version("b"), token="u")), says({}, 403)
    )
    seen: list[tuple[str, bool]] = []
    async with adapter(config(hostile)) as registry:
        with pytest.raises(Dead):
            async for page in registry.versions():
                seen += [(one.model_id, page.last) for one in page.items]
    assert seen == [("a", False), ("b", False)]


async def test_the_next_page_is_asked_for_while_one_is_worked_on(hostile: Hostile) -> None:
    pages = [says(versions(version(f"m{n}"), token=str(n))) for n in range(3)]
    hostile.on(VERSIONS, *pages, says(versions(version("end"))))
    worked_on = 0
    async with adapter(config(hostile)) as registry:
        async for page in registry.versions():
            worked_on += 1
            if not page.last:
                await hostile.was_asked(VERSIONS, worked_on + 1)
            assert hostile.times(VERSIONS) == min(worked_on + 1, 4)
    assert worked_on == 4


async def test_a_sweep_that_is_closed_early_leaves_nothing_under_way(hostile: Hostile) -> None:
    hostile.on(VERSIONS, says(versions(version("first"), token="t")), endless(b" ", pause_s=0.01))
    before = asyncio.all_tasks()
    async with adapter(config(hostile)) as registry:
        async with aclosing(registry.versions()) as sweep:
            async for _ in sweep:
                await hostile.was_asked(VERSIONS, 2)
                break
        ours = {task for task in asyncio.all_tasks() - before if "fetch" in repr(task)}
    assert ours == set()
