"""Sign-in by an OpenID provider, for the page: it finds the provider, and redeems codes and refresh tokens there."""
