"""What images may stand on: an image of this machine, or one that is named by its digest."""

from __future__ import annotations

import pytest

from deploy.images import standin
from deploy.images.docker import last_words
from deploy.images.pinning import digest_of, refusal, require_pinned
from deploy.local.errors import StackError

DIGEST = f"sha256:{'0a' * 32}"
TAGGED = "python:3.11-slim-bookworm"


def test_a_name_with_a_digest_may_be_pulled() -> None:
    assert refusal(f"python@{DIGEST}", None) == ""
    assert digest_of(f"registry.example:5000/python:3.11@{DIGEST}") == DIGEST


def test_what_was_made_on_this_machine_may_have_any_name() -> None:
    assert refusal("standin/python:3.11", []) == ""


def test_a_tag_that_a_registry_would_be_asked_for_is_refused_with_what_to_do() -> None:
    said = refusal(TAGGED, None)
    assert f"docker pull {TAGGED}" in said
    assert "\n" not in said


def test_a_tag_that_was_pulled_before_is_refused_with_the_name_that_pins_it() -> None:
    assert f"BASE=python@{DIGEST} " in refusal(TAGGED, [f"python@{DIGEST}"])


@pytest.mark.parametrize("digest", ["sha256:0a0a", f"sha512:{'0a' * 32}", f"{DIGEST}0", DIGEST.upper()])
def test_what_only_looks_like_a_digest_is_none(digest: str) -> None:
    assert digest_of(f"python@{digest}") == ""


def test_the_last_words_of_a_client_are_why_and_not_where_its_options_are() -> None:
    said = "Unable to find image\ndocker: no such host\n\nRun 'docker run --help' for more information\n"
    assert last_words(said) == "docker: no such host"
    assert last_words("\n") == ""


def test_what_the_engine_has_by_its_tag_is_refused_and_the_stand_in_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newer engines give what was built here a digest, too."""
    monkeypatch.setattr("deploy.images.docker.inspect", lambda name: {"RepoDigests": [f"{name}@{DIGEST}"]})
    with pytest.raises(StackError, match="UNPINNED=1"):
        require_pinned(TAGGED)
    require_pinned(standin.TAG)
