"""Every command: its help, its documentation, what it prints, and what it says of bad input."""

import asyncio
import inspect
import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import orjson
import pytest
from typer import Context
from typer._click.core import Command  # the class that typer's own commands are made of
from typer.core import TyperGroup
from typer.main import get_command

from hub.cli.main import app
from hub.migrate import newest
from hub.settings import Settings
from tests.cli.hubs import Hub, Said, command, free_port, started
from tests.postgres import Server

ROOT = Path(__file__).parents[2]


def every(found: Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Command]]:
    if isinstance(found, TyperGroup):
        for name, below in found.commands.items():
            yield from every(below, (*words, name))
    else:
        yield words, found


def groups(found: Command, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperGroup]]:
    if isinstance(found, TyperGroup):
        yield words, found
        for name, below in found.commands.items():
            yield from groups(below, (*words, name))


COMMANDS = dict(every(get_command(app)))
GROUPS = dict(groups(get_command(app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_in_its_help(words: tuple[str, ...]) -> None:
    told = inspect.getdoc(COMMANDS[words].callback) or ""
    assert re.search(rf"^Example: .*hub {' '.join(words)}\b", told, re.MULTILINE), told


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_is_documented(words: tuple[str, ...]) -> None:
    text = (ROOT / "docs" / "commands.md").read_text()
    assert f"## hub {' '.join(words)}\n" in text


@pytest.mark.parametrize("words", GROUPS, ids=" ".join)
def test_the_list_of_commands_cuts_no_sentence_at_eighty_columns(words: tuple[str, ...]) -> None:
    group = GROUPS[words]
    said = group.get_help(Context(group, info_name=" ".join(("hub", *words)), terminal_width=78))
    listed = said.partition("\nCommands:\n")[2].splitlines()
    assert len(listed) == len(group.commands)
    assert [line for line in listed if line.endswith(("...", "…"))] == []


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_names_values_by_words_and_not_by_types(words: tuple[str, ...]) -> None:
    command = COMMANDS[words]
    said = command.get_help(Context(command, info_name=" ".join(("hub", *words)), terminal_width=78))
    assert re.findall(r"<[a-z][^<>]*>", said.partition("\nArguments:\n")[2] or said.partition("\nOptions:\n")[2]) == []


def test_no_command_is_documented_that_is_not_there() -> None:
    told = re.findall(r"^## hub (.+)$", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(map(" ".join, COMMANDS))


def test_every_setting_is_documented_with_its_sentence() -> None:
    text = (ROOT / "docs" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert field.description
        assert re.search(rf"^\| `HUB_{name.upper()}` \|.*\| {re.escape(field.description)} \|$", text, re.MULTILINE), (
            name
        )


async def test_the_version_is_that_of_what_is_installed() -> None:
    assert await command("--version") == Said(0, f"hub {version('governance-hub')}\n", "")


async def test_help_comes_without_heavy_imports() -> None:
    said = await command("--help")
    assert said.code == 0
    assert "hub up --demo" in said.out
    words = "import sys, hub.cli.main; print(*{'sqlalchemy', 'strawberry', 'pgqueuer', 'pydantic'} & set(sys.modules))"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", words, stdout=asyncio.subprocess.PIPE)
    assert (await process.communicate())[0].strip() == b""


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("nonsense", "HUB_DATABASE_URL is not a URL"),
        ("mysql://root@localhost/hub", "HUB_DATABASE_URL speaks mysql"),
        ("postgresql://hub@127.0.0.1:1/hub", "no PostgreSQL answers at 127.0.0.1:1"),
        ("postgresql://hub@no-such-host.invalid/hub", "no PostgreSQL answers at no-such-host.invalid"),
        ("postgresql://hub@127.0.0.1:1/hub?sslmode=odd", "cannot be used"),
    ],
)
async def test_a_wrong_database_url_is_told_in_a_sentence(url: str, words: str, folder: Path) -> None:
    said = await command("up", "--data", str(folder), "--port", "0", HUB_DATABASE_URL=url)
    assert said.code == 2
    assert words in said.sentence
    assert "root@" not in said.sentence


async def test_a_database_that_is_not_there_is_told(server: Server, folder: Path) -> None:
    said = await command("up", "--data", str(folder), "--port", "0", HUB_DATABASE_URL=server.dsn("nothing_here"))
    assert said.code == 2
    assert "has no database nothing_here" in said.sentence
    assert "createdb nothing_here" in said.sentence


async def test_a_user_the_server_does_not_know_is_told(server: Server, folder: Path) -> None:
    url = server.dsn("postgres").replace("//hub@", "//stranger:s3cret@")
    said = await command("up", "--data", str(folder), "--port", "0", HUB_DATABASE_URL=url)
    assert said.code == 2
    assert "refused user stranger" in said.sentence
    assert "s3cret" not in said.sentence


async def test_a_wrong_setting_is_named() -> None:
    said = await command("doctor", HUB_PORT="eighty")
    assert said.code == 2
    assert said.sentence.startswith("hub: HUB_PORT: ")


async def test_where_no_hub_runs_the_way_out_is_told(folder: Path) -> None:
    for words in (("serve", "--port", "0"), ("work",), ("sync",), ("token", "list")):
        said = await command(*words, "--data", str(folder))
        assert said.code == 2
        assert "start one with: hub up" in said.sentence
    said = await command("query", "{ __typename }", "--url", f"http://127.0.0.1:{free_port()}")
    assert said.code == 2
    assert "no hub answers" in said.sentence
    said = await command("doctor", "--data", str(folder), "--json")
    assert said.code == 1
    assert orjson.loads(said.out)["database"]["reachable"] is False


async def test_a_command_that_finds_no_hub_names_the_folder_it_looked_in_and_the_ways_to_name_another(
    folder: Path,
) -> None:
    port = free_port()
    ways = "start one with hub up, or name its folder with --data or HUB_DATA, or its address with --url or HUB_URL"
    said = await command("approvals", "list", "--data", str(folder), HUB_PORT=str(port))
    assert said.sentence.startswith(f"hub: no hub answers at http://127.0.0.1:{port}/graphql (")
    assert said.sentence.endswith(f"), and none has run in {folder.resolve()}; {ways}")
    folder.mkdir()
    (folder / "url").write_text(f"http://127.0.0.1:{port}\n")
    said = await command("approvals", "list", "--data", str(folder))
    assert said.sentence.endswith(f"), where the hub of {folder.resolve()} ran last; {ways}")
    said = await command("approvals", "list", "--data", str(folder), HUB_URL=f"http://127.0.0.1:{port}")
    assert str(folder) not in said.sentence


async def test_migrate_serve_and_work_over_one_database(server: Server, folder: Path) -> None:
    url = await server.create("cli_stateless")
    try:
        told = {"HUB_DATABASE_URL": url, "HUB_DATA": str(folder)}
        early = await command("serve", "--port", "0", **told)
        assert early.code == 2
        assert early.sentence.endswith("bring it there with: hub migrate")
        first, again = await command("migrate", "--json", **told), await command("migrate", "--json", **told)
        assert (orjson.loads(first.out)["before"], orjson.loads(again.out)["before"]) == (None, newest())
        async with started("work", **told) as work, started("serve", "--port", "0", **told) as serve:
            person = await command("token", "create", "--for", "nobody", **told)
            assert person.code == 2
            found = await command("query", "{ __typename }", "--url", serve.address, "--token", "hub_wrong", **told)
            assert found.code == 1
            assert orjson.loads(found.out)["errors"]
            doctor = orjson.loads((await command("doctor", "--json", **told)).out)
            assert doctor["clock"]["process"].endswith(f":{work.process.pid}")
            assert doctor["wrong"] == []
            assert await serve.end() == 0
            assert await work.end() == 0
    finally:
        await server.drop("cli_stateless")


async def test_a_token_is_made_used_listed_and_revoked(hub: tuple[Hub, Path]) -> None:
    _, folder = hub
    data = ("--data", str(folder))
    made = orjson.loads((await command("token", "create", "--scope", "READ", "--label", "test", "--json", *data)).out)
    asked = await command("query", "-", *data, given="{ me: people(first: 1) { totalCount } }", HUB_TOKEN=made["token"])
    assert orjson.loads(asked.out)["data"] == {"me": {"totalCount": 1}}
    listed = orjson.loads((await command("token", "list", "--json", *data)).out)
    assert [one["label"] for one in listed][:1] == ["test"]
    assert made["token"] not in str(listed)
    assert (await command("token", "revoke", made["token"], *data)).code == 0
    listed = orjson.loads((await command("token", "list", "--json", *data)).out)
    assert "test" not in [one["label"] for one in listed]
    wrong = await command("token", "create", "--scope", "ALL", *data)
    assert (wrong.code, "READ, GATE, GOVERN, SYNC, ADMIN" in wrong.sentence) == (2, True)


async def test_query_takes_files_and_variables(hub: tuple[Hub, Path], tmp_path: Path) -> None:
    _, folder = hub
    file = tmp_path / "query.graphql"
    file.write_text("query($n: Int!) { people(first: $n) { nodes { handle } } }")
    asked = await command("query", str(file), "--var", "n=1", "--data", str(folder))
    assert orjson.loads(asked.out)["data"] == {"people": {"nodes": [{"handle": "local-admin"}]}}
    wrong = await command("query", "{ nothing }", "--data", str(folder))
    assert (wrong.code, len(orjson.loads(wrong.out)["errors"])) == (1, 1)
    absent = await command("query", "no-such-file", "--data", str(folder))
    assert (absent.code, "neither a query nor a file" in absent.sentence) == (2, True)


async def test_sync_names_the_registries_there_are(hub: tuple[Hub, Path]) -> None:
    _, folder = hub
    said = await command("sync", "nope", "--data", str(folder))
    assert (said.code, said.sentence) == (2, "hub: there is no registry nope; there is none")
    said = await command("sync", "--data", str(folder))
    assert (said.code, said.sentence.startswith("hub: no registry is on")) == (2, True)


async def test_doctor_hides_secrets_and_tells_where_a_setting_comes_from(hub: tuple[Hub, Path]) -> None:
    _, folder = hub
    said = await command("doctor", "--data", str(folder), "--json", HUB_SECRET_KEYS="k:c2VjcmV0", HUB_TICK_S="7")
    told = {one["name"]: one for one in orjson.loads(said.out)["settings"]}
    assert "c2VjcmV0" not in said.out
    assert told["HUB_SECRET_KEYS"]["value"] == "(hidden)"
    assert (told["HUB_TICK_S"]["value"], told["HUB_TICK_S"]["from"]) == ("7.0", "environment")
    assert told["HUB_DATA"]["from"] == "command line"
    assert told["HUB_READERS"]["from"] == "default"


async def test_the_schema_is_compared_with_a_file(tmp_path: Path) -> None:
    said = await command("schema")
    assert "type Query" in said.out
    kept = tmp_path / "schema.graphql"
    kept.write_text(said.out.replace("type Query", "type Querry"))
    differs = await command("schema", "--check", str(kept))
    assert differs.code == 1
    assert "-type Querry" in differs.out
    kept.write_text(said.out)
    assert (await command("schema", "--check", str(kept))).code == 0
