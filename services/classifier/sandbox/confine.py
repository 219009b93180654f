"""A worker gives up what it does not need: first what no import needs, then, before the first document, the rest."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

from services.classifier.sandbox import kernel, landlock, rlimits, seccomp
from services.classifier.sandbox.messages import Orders
from services.classifier.sandbox.numbers import NUMBERS

ROOT = Path(__file__).resolve().parents[3]
MACHINE_FACTS = (
    *("/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib", "/usr/lib64"),
    *("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu", "/dev/null", "/dev/urandom"),
)
_NAMESPACES = kernel.CLONE_NEWUSER | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS


class Layer(StrEnum):
    """One of the walls around a worker; the process, its limits and its empty environment are always there."""

    NAMESPACES = "namespaces"
    CAPABILITIES = "capabilities"
    LANDLOCK = "landlock"
    SECCOMP = "seccomp"


def before_imports(orders: Orders) -> list[Layer]:
    """Ties this process to its parent and takes from it what libraries do not need to load; the layers that are on.

    It must have one thread yet: others would keep what is given up here.
    """
    _end_with_parent()
    rlimits.before_imports()
    numbers = NUMBERS.get(kernel.machine(), {})
    tried: list[tuple[Layer, Callable[[], object]]] = [
        (Layer.NAMESPACES, lambda: kernel.unshare(_NAMESPACES)),
        (Layer.CAPABILITIES, lambda: kernel.drop_capabilities(numbers["capset"])),
        (Layer.LANDLOCK, lambda: landlock.restrict(numbers, readable(orders))),
    ]
    layers = [layer for layer, give_up in tried if _could(give_up)]
    _end_with_parent()  # the kernel forgets it where credentials change
    return layers


def before_documents(orders: Orders, layers: list[Layer]) -> list[Layer]:
    """Bounds memory and filters system calls, on all threads; all layers that are on."""
    rlimits.before_documents(orders.memory_bytes, counts_alone=Layer.NAMESPACES in layers)
    return [*layers, Layer.SECCOMP] if _could(lambda: _filter(orders)) else layers


def readable(orders: Orders) -> Iterator[Path]:
    """What a worker may read: the interpreter and its packages, and the models of OCR where the operator has some."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    yield from (Path(sysconfig.get_path(name)) for name in names)
    yield Path(str(sysconfig.get_config_var("LIBDIR")))
    yield from (Path(entry) for entry in sys.path if entry and Path(entry) != ROOT)
    yield ROOT / "services"
    yield from (Path(path) for path in (*MACHINE_FACTS, orders.libraries))
    if orders.tessdata:
        yield Path(orders.tessdata)


def _filter(orders: Orders) -> None:
    machine = kernel.machine()
    program = seccomp.filter_of(machine, os.getpid(), may_open=orders.tessdata is not None)
    seccomp.install(program, NUMBERS[machine]["seccomp"])


def _end_with_parent() -> None:
    """Killed with it, whatever kills it; until this is said, the end of the pipe from it says the same."""
    _could(lambda: kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL))


def _could(give_up: Callable[[], object]) -> bool:
    try:
        give_up()
    except (OSError, KeyError):
        return False
    return True
