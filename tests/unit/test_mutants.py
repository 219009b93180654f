"""The deliberate faults of `make mutants`: each one still fits the code, and the prover tells killed from survived."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

from tests.mutants.catalogue import CatalogueError, Mutant, chosen, load
from tests.mutants.proving import copy_of, prove

CHECKOUT = Path(__file__).parents[2]
MUTANTS = load()
ENTRY = """
[[mutant]]
name = "{name}"
fault = "two is three"
file = "code.py"
before = "2"
after = "3"
killed_by = ["test_code.py"]
"""
FAULT = Mutant("two-is-three", "two is three", "code.py", "2", "3", ("test_code.py",))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # plugins, of no use here, are most of what a start costs
    (tmp_path / "code.py").write_text("def two():\n    return 2\n")
    (tmp_path / "test_code.py").write_text("import code_under_test as code\n")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)  # noqa: S607 - the user's own git
    return tmp_path


def _tested(checkout: Path, test: str) -> Path:
    (checkout / "test_code.py").write_text(f"from pathlib import Path\n\n{test}\n")
    return checkout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_fault_still_fits_the_code_and_is_a_program(mutant: Mutant, tmp_path: Path) -> None:
    target = tmp_path / mutant.file
    target.parent.mkdir(parents=True)
    target.write_text((CHECKOUT / mutant.file).read_text())

    mutant.apply(tmp_path)

    assert target.read_text() != (CHECKOUT / mutant.file).read_text()
    if target.suffix == ".py":
        ast.parse(target.read_text())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_each_fault_names_tests_that_make_test_runs(mutant: Mutant) -> None:
    for test in mutant.killed_by:
        path, *names = test.split("::")
        assert (CHECKOUT / path).name.startswith("test_")
        assert all(f"def {name.split('[')[0]}(" in (CHECKOUT / path).read_text() for name in names)


def test_there_are_as_many_faults_as_were_promised() -> None:
    assert len(MUTANTS) >= 20


def test_a_fault_that_a_test_notices_is_killed_by_its_name(checkout: Path) -> None:
    _tested(checkout, "def test_two():\n    assert '2' in Path('code.py').read_text()")

    verdict = prove(checkout, FAULT)

    assert (verdict.outcome, verdict.by) == ("killed", "test_code.py::test_two")


def test_a_fault_that_no_test_notices_survives(checkout: Path) -> None:
    _tested(checkout, "def test_two():\n    assert Path('code.py').exists()")

    assert prove(checkout, FAULT).outcome == "survived"


def test_tests_that_cannot_be_run_prove_nothing(checkout: Path) -> None:
    fixture = "import pytest\n@pytest.fixture\ndef world():\n    raise OSError\ndef test_two(world):\n    assert world"
    assert prove(_tested(checkout, fixture), FAULT).outcome == "broken"
    assert prove(_tested(checkout, "import nothing_there"), FAULT).outcome == "broken"
    assert prove(_tested(checkout, ""), FAULT).outcome == "broken"


def test_the_checkout_itself_is_never_touched(checkout: Path) -> None:
    before = (checkout / "code.py").read_text()

    with copy_of(checkout) as copy:
        FAULT.apply(copy)

    assert (checkout / "code.py").read_text() == before
    assert not copy.exists()


def test_a_fault_whose_text_is_gone_says_so(checkout: Path) -> None:
    (checkout / "code.py").write_text("def two():\n    return 1 + 1\n")

    with pytest.raises(CatalogueError, match=r"two-is-three: code\.py holds its text 0 times, not once"):
        FAULT.apply(checkout)


def test_entries_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    (tmp_path / "some.toml").write_text(ENTRY.format(name="a") + ENTRY.format(name="a"))
    with pytest.raises(CatalogueError, match="named twice: a"):
        load(tmp_path)

    (tmp_path / "some.toml").write_text(ENTRY.format(name="a").replace("fault =", "why ="))
    with pytest.raises(CatalogueError, match=r"some\.toml: a: missing or unknown: fault, why"):
        load(tmp_path)

    (tmp_path / "some.toml").write_text(ENTRY.format(name="a").replace('"3"', '"2"'))
    with pytest.raises(CatalogueError, match="it changes nothing"):
        load(tmp_path)

    with pytest.raises(CatalogueError, match="no mutant has 'x' in its name or its file's"):
        chosen((FAULT,), "x")


def test_faults_are_chosen_by_their_names_and_by_the_files_they_break() -> None:
    assert chosen((FAULT,), "two-is") == chosen((FAULT,), "code.py") == (FAULT,)
