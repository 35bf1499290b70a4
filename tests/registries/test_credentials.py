"""Credentials at rest, and the keys that open them."""

import os
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from pydantic import SecretStr

from hub.db import new_id
from hub.errors import Code, Refused
from hub.registries.adapter import Basic, Bearer
from hub.registries.credentials import KEY_FILE, Credentials, Keys, keys, parsed, seal, unseal
from hub.settings import Settings

ONE, TWO = b64encode(b"1" * 32).decode(), b64encode(b"2" * 32).decode()
TOKEN = Bearer("s3cr3t-t0ken")
ROW = UUID("01990000-0000-7000-8000-000000000001")


def of(text: str | None, data: Path = Path("nowhere")) -> Keys:
    return keys(Settings(secret_keys=None if text is None else SecretStr(text), data=data))


@pytest.mark.parametrize("credentials", [TOKEN, Basic("ada", "pass:wörd"), Basic("ada", "")])
def test_what_was_sealed_is_read_again(credentials: Credentials) -> None:
    made = parsed(f"a:{ONE}")
    sealed = seal(made, credentials, ROW)
    assert (sealed.key_id, unseal(made, sealed, ROW)) == ("a", credentials)
    assert seal(made, credentials, ROW).content != sealed.content


def test_nothing_of_it_is_shown() -> None:
    made = parsed(f"a:{ONE}")
    sealed = seal(made, TOKEN, ROW)
    assert b"s3cr3t" not in sealed.content
    assert repr(sealed) == "Sealed(key_id='a')"
    assert repr(made) == "Keys(first='a')"


def test_the_first_key_seals_and_every_key_opens() -> None:
    old, both = parsed(f"old:{ONE}"), parsed(f" new:{TWO} , old:{ONE} ")
    sealed = seal(old, TOKEN, ROW)
    assert unseal(both, sealed, ROW) == TOKEN
    assert seal(both, TOKEN, ROW).key_id == "new"


def test_credentials_moved_to_another_registry_are_refused() -> None:
    made = parsed(f"a:{ONE}")
    with pytest.raises(Refused) as refused:
        unseal(made, seal(made, TOKEN, ROW), new_id())
    assert refused.value.code is Code.SETTING
    assert "or they were moved from another registry" in refused.value.why


def test_a_key_that_is_not_there_is_named() -> None:
    sealed = seal(parsed(f"old:{ONE}"), TOKEN, ROW)
    with pytest.raises(Refused) as refused:
        unseal(parsed(f"new:{TWO}"), sealed, ROW)
    assert refused.value.why.startswith("the credentials are encrypted with key 'old', which this hub does not have")


def test_another_key_under_the_same_name_is_refused() -> None:
    sealed = seal(parsed(f"a:{ONE}"), TOKEN, ROW)
    with pytest.raises(Refused) as refused:
        unseal(parsed(f"a:{TWO}"), sealed, ROW)
    assert "s3cr3t" not in refused.value.why
    for content in (b"", sealed.content[:5], sealed.content[:-1]):
        with pytest.raises(Refused):
            unseal(parsed(f"a:{ONE}"), replace(sealed, content=content), ROW)


@pytest.mark.parametrize(
    "text",
    ["", "a", f"a:{ONE[:-4]}", f"{ONE}", f"a:{ONE},b", f":{ONE}", f"{'x' * 41}:{ONE}", f"a:{ONE},a:{TWO}", "a:%%"],
)
def test_what_is_no_key_is_refused_without_showing_it(text: str) -> None:
    with pytest.raises(Refused) as refused:
        of(text)
    assert refused.value.field == "HUB_SECRET_KEYS"
    assert ONE not in refused.value.why and ONE[:-4] not in refused.value.why


def test_without_a_setting_a_key_is_kept_in_the_data_folder(tmp_path: Path) -> None:
    data = tmp_path / "hub"
    sealed = seal(of(None, data), TOKEN, ROW)
    assert unseal(of(None, data), sealed, ROW) == TOKEN
    assert [path.name for path in data.iterdir()] == [KEY_FILE]
    assert (data / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert sealed.key_id.startswith("file-")


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    of(None, tmp_path)
    os.chmod(tmp_path / KEY_FILE, 0o640)  # noqa: PTH101
    with pytest.raises(Refused) as refused:
        of(None, tmp_path)
    assert refused.value.why == f"{tmp_path / KEY_FILE} may be read by others; run: chmod 600 {tmp_path / KEY_FILE}"


def test_a_key_file_that_lost_its_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_text("")
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(Refused) as refused:
        of(None, tmp_path)
    assert "holds no key any more" in refused.value.why
