"""One attempt with a language model: asked in a way that its endpoint understands, the answer read."""

from __future__ import annotations

import json
from http import HTTPStatus

from docuvault_contracts.events import FiledTopic

from services.classifier.filing import Llm, Owner
from services.classifier.modes.llm_answer import filed_topics, read
from services.classifier.modes.llm_client import LlmClient, Reply
from services.classifier.modes.llm_dialect import Dialect, Dialects
from services.classifier.modes.llm_failures import NOT_USABLE, Failure, Kind, failure_of_status
from services.classifier.modes.llm_manner import LlmManner
from services.classifier.modes.llm_prompt import messages, schema
from services.classifier.reading import Text

_NOT_UNDERSTOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})


class Talk:
    """Talks to endpoints, and remembers how each of them wants to be asked."""

    def __init__(self, client: LlmClient, manner: LlmManner) -> None:
        self._client = client
        self._manner = manner
        self._dialects = Dialects()

    async def topics(self, text: Text, owner: Owner, llm: Llm) -> tuple[FiledTopic, ...] | Failure:
        """Where the model files `text`."""
        reply = await self._understood(text, owner, llm)
        if isinstance(reply, Failure):
            return reply
        if reply.status != HTTPStatus.OK:
            return failure_of_status(reply.status, reply.after_seconds)
        answer = read(reply.body) if reply.is_json else Failure(Kind.BROKEN, NOT_USABLE)
        return answer if isinstance(answer, Failure) else filed_topics(answer, owner, llm.model)

    async def _understood(self, text: Text, owner: Owner, llm: Llm) -> Reply | Failure:
        """The first reply that is no complaint about the way of asking, or the last one; three requests at most."""
        dialect: Dialect | None = self._dialects.of(llm)
        reply: Reply | Failure = Failure(Kind.BROKEN, NOT_USABLE)
        while dialect is not None:
            reply = await self._client.ask(llm, self._body(text, owner, llm, dialect))
            if isinstance(reply, Failure) or reply.status not in _NOT_UNDERSTOOD:
                self._remember(llm, dialect, reply)
                break
            dialect = dialect.simpler(reply.body)
        return reply

    def _remember(self, llm: Llm, dialect: Dialect, reply: Reply | Failure) -> None:
        if isinstance(reply, Reply) and reply.status == HTTPStatus.OK:
            self._dialects.remember(llm, dialect)

    def _body(self, text: Text, owner: Owner, llm: Llm, dialect: Dialect) -> bytes:
        """ASCII: JSON's escapes carry what UTF-8 cannot."""
        cut = text.text[: self._manner.text_characters]
        said = messages(cut, owner.topics, owner.wishes.most_topics, topics_characters=self._manner.topics_characters)
        options = dialect.options(schema(len(owner.topics)), self._manner.answer_tokens)
        return json.dumps({"model": llm.model, "messages": said, "stream": False, **options}).encode("ascii")
