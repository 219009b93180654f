"""What an operator runs: tokens, the audit, the demo."""
