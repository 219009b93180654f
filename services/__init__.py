"""The services: each imports contracts and the chassis, never another service."""

import gc

COLLECT_EVERY = 50_000
"""So many new containers at once before the collector looks for cycles. At its default of 700 it looked dozens of times
at the tuples and dicts of one batch, which are gone without it once the batch is: a tenth of the ledger's CPU. And at
each start it looked again and again at what is being imported, which stays: a tenth of a start.
"""
gc.set_threshold(COLLECT_EVERY)
