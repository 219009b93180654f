"""What Kafka's nodes are told where clients are to speak TLS and have accounts.

The services' accounts are kept by Kafka (SCRAM), where an operator makes and ends them while it runs. Those of the
operators and of the nodes among each other stand in the nodes' own configuration (PLAIN, within TLS): they are good
before there is any data, and whatever the data says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from deploy.access import NODES, OPERATORS
from deploy.local.authority import Authority
from deploy.local.credentials import Credentials
from deploy.local.kafka_nodes import Node, folder_of
from deploy.local.layout import Layout, write_private

CONTROLLER = "CONTROLLER"
_LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
_SCRAM_LOGIN = "org.apache.kafka.common.security.scram.ScramLoginModule"

_COMMON = """\
ssl.keystore.type=PEM
ssl.keystore.location={shown}
ssl.truststore.type=PEM
ssl.truststore.location={trusted}
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{operators};User:{nodes}
"""


class Shown(NamedTuple):
    """Files, as a node finds them: what it shows, key and certificate in one, and what it trusts."""

    certificate: str
    trusted: str


def security(layout: Layout, credentials: Credentials, node: Node, listeners: Sequence[str]) -> str:
    """The lines of a node's configuration. The first of the listeners is that of operators and nodes, too.

    Writes the node's certificate beside its configuration. Raises StackError where the authority cannot be read.
    """
    main, *others = listeners
    return secured(_write_certificate(layout, node), credentials.kafka, {main: (OPERATORS, NODES)}, others)


def secured(
    shown: Shown, passwords: Mapping[str, str], known: Mapping[str, Sequence[str]], others: Sequence[str] = ()
) -> str:
    """The same lines of a node anywhere. Accounts that Kafka keeps come by every listener but the controllers'.

    `known`: who comes by name and password beside them, by listener. `passwords`: at least of those, and of the nodes.
    """
    lines = [
        *(line for name, accounts in known.items() for line in _plain(name, passwords, accounts)),
        *_plain(CONTROLLER, passwords, (NODES,)),
        *(line for name in (*known, *others) for line in _scram(name)),
        *(_mechanisms(name, "SCRAM-SHA-512,PLAIN") for name in known),
        _mechanisms(CONTROLLER, "PLAIN"),
        *(_mechanisms(name, "SCRAM-SHA-512") for name in others),
    ]
    common = _COMMON.format(shown=shown.certificate, trusted=shown.trusted, operators=OPERATORS, nodes=NODES)
    return common + "".join(f"{line}\n" for line in lines)


def _plain(listener: str, passwords: Mapping[str, str], accounts: Sequence[str]) -> list[str]:
    """Who may come, by name and password, and as whom the node itself goes to the others."""
    own = f'username="{NODES}" password="{passwords[NODES]}"'
    known = " ".join(f'user_{name}="{passwords[name]}"' for name in accounts)
    return [f"listener.name.{listener.lower()}.plain.sasl.jaas.config={_LOGIN} required {own} {known};"]


def _scram(listener: str) -> list[str]:
    return [f"listener.name.{listener.lower()}.scram-sha-512.sasl.jaas.config={_SCRAM_LOGIN} required;"]


def _mechanisms(listener: str, names: str) -> str:
    return f"listener.name.{listener.lower()}.sasl.enabled.mechanisms={names}"


def _write_certificate(layout: Layout, node: Node) -> Shown:
    authority = Authority(layout.authority)
    issued, shown = authority.issue("kafka"), folder_of(layout, node) / "shown.pem"
    write_private(shown, issued.key.read_text() + issued.certificate.read_text())
    return Shown(str(shown), str(authority.certificate))
