"""Brings the ledger's rows back from what the ledger itself has said, for a database that was restored from a backup.

Decided anew, the same facts might be decided otherwise: they come in another order, and the last bytes of an account go
to another document than the one whose owner was told 200. So the topic `quota` is read as the ledger's log: each
decision in it becomes the row that it was, each change of a limit is made again, and the database does the sums.
"""
