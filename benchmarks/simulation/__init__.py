"""The way of an upload through store, bus and ledger as a queueing model, held to the real servers."""
