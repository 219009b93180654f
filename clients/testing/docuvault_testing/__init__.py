"""docuvault in containers, for the tests of those who talk to it.

with Docuvault() as docuvault:
    user = docuvault.user(limit_bytes=1_000_000)
    requests.get(f"{docuvault.url}/api/auth/me/quota", headers=user.headers)
"""

from docuvault_testing.commands import DocuvaultError
from docuvault_testing.stack import Account, Docuvault, User

__all__ = ["Account", "Docuvault", "DocuvaultError", "User"]
