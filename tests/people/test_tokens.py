"""The form of tokens, told without a database."""

import re

import pytest

from hub.people.tokens import checksum, hash_of, is_well_formed, new_secret, prefix_of


def test_a_new_token_has_the_form_that_is_checked() -> None:
    secret = new_secret()
    assert re.fullmatch(r"hub_[0-9A-Za-z]{8}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}", secret)
    assert is_well_formed(secret)
    assert prefix_of(secret) == secret[:12]
    assert len({new_secret() for _ in range(100)}) == 100


def test_the_checksum_and_the_hash_never_change() -> None:
    body = "hub_abcdefgh_" + "0" * 40
    assert checksum(body) == "4a0EBv"
    assert hash_of("hub_x").hex() == "2ad2edae702f70c6f2a5f354fcb5076542d270b586e0d76e1084da04c9bdce73"


@pytest.mark.parametrize("place", [0, 5, 20, 59])
def test_one_wrong_character_is_seen(place: int) -> None:
    secret = new_secret()
    other = "A" if secret[place] != "A" else "B"
    assert not is_well_formed(secret[:place] + other + secret[place + 1 :])


@pytest.mark.parametrize(
    "guess",
    [
        "",
        "hub",
        "hub___",
        "Bearer x",
        "hub_abcdefgh_short_000000",
        "hub_abcdefgh_" + "é" * 40 + "_000000",
        "x" * 100_000,
    ],
)
def test_made_up_tokens_are_no_tokens(guess: str) -> None:
    assert not is_well_formed(guess)


def test_space_and_line_ends_around_a_token_are_not_part_of_it() -> None:
    assert not is_well_formed(new_secret() + "\n")
    assert not is_well_formed(" " + new_secret())
