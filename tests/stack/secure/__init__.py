"""Tests on one stack that speaks TLS and knows accounts; a package, so that the stack ends with the last of them."""
