-- The gate of every batch and of every change of a limit: nothing is decided while history is written.
LOCK TABLE accounts IN EXCLUSIVE MODE
