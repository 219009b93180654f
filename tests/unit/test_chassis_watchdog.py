from __future__ import annotations

import subprocess
import sys
import threading

from services.chassis.watchdog import STUCK_EXIT_CODE, Watchdog, guarded


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watchdog() -> tuple[Watchdog, Clock]:
    clock = Clock()
    return Watchdog(60, clock), clock


def test_records_that_wait_without_a_commit_for_too_long_mean_stuck() -> None:
    dog, clock = watchdog()
    dog.see(5)
    clock.now = 60
    assert not dog.stuck
    clock.now = 61
    assert dog.stuck


def test_a_commit_or_a_known_trouble_is_a_sign_of_life() -> None:
    dog, clock = watchdog()
    for clock.now in range(0, 600, 50):
        dog.see(5)
        dog.alive()
        assert not dog.stuck


def test_an_idle_process_is_never_stuck() -> None:
    dog, clock = watchdog()
    for clock.now in range(0, 600, 50):
        dog.see(0)
        assert not dog.stuck


def test_an_event_loop_that_measures_nothing_any_more_is_stuck() -> None:
    dog, clock = watchdog()
    dog.see(0)
    clock.now = 61
    assert dog.stuck


def test_the_thread_reports_a_stuck_process_once() -> None:
    dog, reported = Watchdog(0.05), threading.Event()
    dog.see(3)
    with guarded(dog, lambda _: reported.set(), every=0.01):
        assert reported.wait(5)


def test_a_process_that_was_suspended_gets_another_chance() -> None:
    dog, clock = watchdog()
    dog.see(1)
    reported = threading.Event()
    with guarded(dog, lambda _: reported.set(), every=0.01):
        assert not reported.wait(0.1)
        clock.now = 1000  # as if the process had been stopped between two checks
        assert not reported.wait(0.2)
        assert not dog.stuck


def test_a_handler_that_blocks_the_event_loop_ends_the_process_loudly() -> None:
    code = """
import time
from services.chassis.logging import configure
from services.chassis.watchdog import Watchdog, guarded
configure("test", "1")
dog = Watchdog(0.2)
dog.see(7)
with guarded(dog, every=0.05):
    time.sleep(30)
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - own code
    assert ended.returncode == STUCK_EXIT_CODE
    assert '"event":"watchdog.stuck"' in ended.stdout
    assert '"lag":7' in ended.stdout
    assert "time.sleep" not in ended.stdout
