"""Large uploads: their bytes go to the store in parts, by a URL each; begin, sign, list, complete and abort them."""
