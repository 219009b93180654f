"""Removes what was refused or deleted, so that no byte lies in the bucket that no one pays for."""
