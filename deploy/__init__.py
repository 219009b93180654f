"""How docuvault runs: the embedded stack, the gateway, the operators' commands."""
