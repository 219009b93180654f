"""How far the uploads are, on standard error where that is a terminal; and a line about each that is done."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from docuvault_client import Outcome, Progress, Source, Step
from docuvault_client.progress import Watch
from rich import progress as bars
from rich.console import Console
from rich.text import Text

from deploy.ops.output import printable, say
from deploy.ops.upload_files import Trouble
from deploy.ops.upload_text import line, line_of_trouble, path_of, summary

STEPS = {Step.ASKING: "1/3 asks", Step.SENDING: "2/3 sends", Step.DECIDING: "3/3 is decided", Step.DONE: "done"}
NAME_WIDTH = 32


class Show:
    """Bars of what is under way and lines of what is done; `silent` is for who wants JSON."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._counts = {True: 0, False: 0}
        self._tasks: dict[int, bars.TaskID] = {}
        console = Console(stderr=True, highlight=False)
        self._among = console.is_terminal and sys.stdout.isatty()
        self._bars = bars.Progress(
            bars.TextColumn("{task.description}", markup=False),
            bars.TextColumn("{task.fields[step]}", markup=False),
            bars.BarColumn(),
            bars.DownloadColumn(binary_units=False),
            bars.TransferSpeedColumn(),
            bars.TimeRemainingColumn(),
            console=console,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=silent or not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()
        if kind is None and not self._silent:
            say(summary(self._counts[True], self._counts[False]))

    def watch(self, source: Source) -> Watch:
        """A bar of its own."""
        name = printable(path_of(source))
        shown = name if len(name) <= NAME_WIDTH else f"…{name[1 - NAME_WIDTH :]}"
        task = self._bars.add_task(shown, total=None, step=STEPS[Step.ASKING])
        self._tasks[id(source)] = task

        def see(at: Progress) -> None:
            self._bars.update(task, completed=at.sent_bytes, total=at.total_bytes, step=STEPS[at.step])

        return see

    def done(self, outcome: Outcome) -> None:
        """Its bar goes, its line stays."""
        task = self._tasks.pop(id(outcome.source), None)
        if task is not None:
            self._bars.remove_task(task)
        self._say(line(outcome), good=outcome.document is not None)

    def trouble(self, trouble: Trouble) -> None:
        """A path of which nothing is uploaded."""
        self._say(line_of_trouble(trouble), good=False)

    def _say(self, text: str, *, good: bool) -> None:
        self._counts[good] += 1
        if self._silent:
            return
        if self._among:  # both streams are one terminal: the line goes above the bars
            self._bars.console.print(Text(text), soft_wrap=True)
        else:
            say(text)
            sys.stdout.flush()  # who reads a pipe hears of it at once
