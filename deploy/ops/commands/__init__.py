"""One module for each command of the console program; `deploy.ops.cli` says what it holds."""
