"""Makes the checked-in descriptions of the contracts, and refuses what would break those who rely on them."""
