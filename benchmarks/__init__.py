"""What docuvault's speed is, each line as a ratio to a floor that runs beside it: `make bench`."""
