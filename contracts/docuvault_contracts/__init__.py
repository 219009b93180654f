"""The published language of docuvault: what its services say to each other, to clients and to other teams.

Importable alone (`pip install ./contracts` brings pydantic and nothing else of ours).
"""
