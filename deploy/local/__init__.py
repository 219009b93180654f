"""The embedded stack: real servers and the services on one machine, without Docker."""
