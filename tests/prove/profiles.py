"""How much of the state machine runs where: a little of it, always the same, in `make test`; a lot in `make prove`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

EXAMPLES = 2000
"""What `make prove` runs unless told otherwise."""

_common = settings(
    deadline=None,  # a step is a transaction, on a machine that may be busy
    database=None,  # a seed that was found becomes a named test
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
FAST = settings(_common, max_examples=25, stateful_step_count=8, derandomize=True)


def thorough(examples: int) -> settings:
    """The profile of `make prove`."""
    return settings(_common, max_examples=examples, stateful_step_count=10, print_blob=True)
