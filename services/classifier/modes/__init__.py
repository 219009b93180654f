"""The ways to file a document, one a user's setting: each is a filing.Filer."""
