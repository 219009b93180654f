"""Real documents, made here: small files of the types that people store, from text."""
