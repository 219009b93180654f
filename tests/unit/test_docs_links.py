"""Links of Markdown are followed to files and headings, and what leads nowhere is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.docs.links import CHECKOUT, Links, main, markdown_files
from deploy.docs.markdown import read, slug

OTHER = """\
# Other things

## A `code` & *more*, [linked](../README.md)

## Twice
## Twice

Underlined
----------

<a id="by-hand"></a>

```md
# No heading
```
"""


def broken(folder: Path, text: str) -> list[str]:
    (folder / "docs").mkdir()
    (folder / "docs" / "other.md").write_text(OTHER)
    (folder / "docs" / "code.py").write_text("one\ntwo\n")
    (folder / "README.md").write_text(text)
    return list(Links(folder).broken())


@pytest.mark.parametrize(
    "target",
    [
        *("docs/other.md", "docs", "docs/", "./docs/../README.md", "docs/code.py#L2", "<docs/other.md>"),
        *("#top", "docs/other.md#other-things", "docs/other.md#a-code--more-linked", "docs/other.md#twice-1"),
        *("docs/other.md#underlined", "docs/other.md#by-hand", 'docs/other.md "A title"', "docs/%6fther.md"),
        *("https://example.org/no", "mailto:a@example.org"),
    ],
)
def test_a_link_that_leads_somewhere_is_no_fault(tmp_path: Path, target: str) -> None:
    assert broken(tmp_path, f"# Top\n\nSee [this]({target}).\n") == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("docs/gone.md", "there is no such file"),
        ("docs/Other.md", "there is no such file"),
        ("docs/other.md#gone", "there is no such heading"),
        ("docs/other.md#Twice", "there is no such heading"),
        ("docs/other.md#twice-2", "there is no such heading"),
        ("docs/other.md#no-heading", "there is no such heading"),
        ("#gone", "there is no such heading"),
        ("docs/code.py#L3", "the file has 2 lines"),
        ("docs/code.py#two", "only #L<line> leads into such a file"),
        ("docs#gone", "a folder has no anchors"),
        ("../elsewhere.md", "this is outside of the checkout"),
        ("/docs/other.md", "a link begins at its own file, not at a root"),
    ],
)
def test_a_link_that_leads_nowhere_is_told_with_its_place(tmp_path: Path, target: str, why: str) -> None:
    assert broken(tmp_path, f"# Top\n\nSee [this]({target}).\n") == [f"README.md:3: {target}: {why}"]


def test_what_is_made_is_not_there_for_others(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "a.md").write_text("[x](gone.md)")
    assert broken(tmp_path, "[a](build/a.md)") == [
        "README.md:1: build/a.md: this is made, and not there in a fresh checkout"
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("![picture](gone.svg)", "[a\nb](gone.svg)", "[`code`](gone.svg)"),
        *('<a href="gone.svg">x</a>', '<img src="gone.svg">'),
        *("[a][b]\n\n[b]: gone.svg", "[![inner](gone.svg)](README.md)", "- item\n\n  > [a](gone.svg)"),
    ],
)  # fmt: skip
def test_every_form_of_a_link_is_followed(tmp_path: Path, text: str) -> None:
    assert [line.split(": ", 1)[1] for line in broken(tmp_path, text)] == ["gone.svg: there is no such file"]


def test_a_label_that_nothing_defines_is_told(tmp_path: Path) -> None:
    assert broken(tmp_path, "[words][label]") == ["README.md:1: label: nothing defines [label]"]


@pytest.mark.parametrize(
    "text",
    [
        *("`[a](gone.md)`", "``[a](`gone.md)``", "```md\n[a](gone.md)\n```", "~~~\n[a](gone.md)\n~~~"),
        *("<!-- [a](gone.md) -->", "   ```\n[a](gone.md)\n   ```", "````\n```\n[a](gone.md)\n````", "`a[0][1]`"),
    ],
)
def test_code_and_comments_hold_no_links(tmp_path: Path, text: str) -> None:
    assert broken(tmp_path, text) == []


def test_a_link_after_code_is_one_again(tmp_path: Path) -> None:
    text = "```\ncode\n```\n`a` [b](gone.md) `c`\n"
    assert broken(tmp_path, text) == ["README.md:4: gone.md: there is no such file"]


def test_anchors_are_those_that_github_makes() -> None:
    headings = {
        "Who may do what": "who-may-do-what",
        "`a_b` and C++": "a_b-and-c",
        "Größe & mehr": "größe--mehr",
    }
    assert {heading: slug(heading) for heading in headings} == headings


def test_the_command_says_what_is_broken_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken(tmp_path, "[a](gone.md) and [b](docs/other.md#gone)")
    assert main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == [
        "README.md:1: docs/other.md#gone: there is no such heading",
        "README.md:1: gone.md: there is no such file",
    ]
    (tmp_path / "README.md").write_text("[b](docs/other.md)")
    assert main(tmp_path) == 0
    assert capsys.readouterr().out == ""


def test_this_checkout_has_links_and_none_is_broken() -> None:
    files = list(markdown_files(CHECKOUT))
    assert len(files) > 60
    assert sum(len(read(path.read_text("utf-8")).links) for path in files) > 200
    assert list(Links(CHECKOUT).broken()) == []
