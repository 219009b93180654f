"""The ledger: who may keep how many bytes, and which object holds which of them."""
