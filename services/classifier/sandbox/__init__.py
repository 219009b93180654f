"""Reads documents in processes of their own that can reach nothing, are measured, and are replaced; see README.md."""
