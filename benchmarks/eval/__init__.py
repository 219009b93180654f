"""How good the classification is: `make eval`, see docs/classification.md."""
