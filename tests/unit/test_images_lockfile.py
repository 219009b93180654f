"""Locks, read for another Python than this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.images.lockfile import chosen, read_lock, requirements

LOCK = """\
# made by: make lock
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
PyJWT[crypto]==2.10.1 \\
    --hash=sha256:dd
"""
OLD, NEW = {"python_full_version": "3.11.2"}, {"python_full_version": "3.13.1"}
REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def test_a_lock_says_for_each_python_what_that_python_gets() -> None:
    assert [one.version for one in chosen(read_lock(LOCK), OLD)] == ["2.4.6", "2.10.1"]
    assert [one.version for one in chosen(read_lock(LOCK), NEW)] == ["2.5.5", "2.10.1"]


def test_what_an_installer_reads_has_the_hashes_and_no_markers() -> None:
    assert requirements(chosen(read_lock(LOCK), OLD)) == (
        "numpy==2.4.6 --hash=sha256:aa --hash=sha256:bb\npyjwt==2.10.1 --hash=sha256:dd\n"
    )


def test_a_part_of_a_lock_is_that_part_alone_and_a_name_it_lacks_is_told() -> None:
    assert [one.name for one in chosen(read_lock(LOCK), NEW, ["pyjwt"])] == ["pyjwt"]
    with pytest.raises(ValueError, match="names no pandas"):
        chosen(read_lock(LOCK), NEW, ["pyjwt", "pandas"])


@pytest.mark.parametrize("line", ["numpy>=2", "numpy==2.4.6", "numpy>=2 --hash=sha256:aa"])
def test_what_is_not_pinned_to_a_version_and_a_hash_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match="is not pinned"):
        read_lock(line)


@pytest.mark.parametrize("name", ["runtime", "classifier", "stack"])
def test_the_locks_that_images_are_made_of_are_read_whole(name: str) -> None:
    text = (REQUIREMENTS / f"{name}.lock").read_text()
    assert sum(len(one.hashes) for one in read_lock(text)) == text.count("--hash=")
