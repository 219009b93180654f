"""The bodies of the classifier's part of the HTTP API: topics, what is filed under them, settings, suggestions."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, SecretStr

from docuvault_contracts.http import DocumentTopic, Request, Response, refuse_characters

ClassificationMode = Literal["embedding", "llm", "keywords", "off"]
"""How a user's documents are classified; with `off` nothing is read."""

MAX_TOPICS = 100
MAX_TOPIC_NAME = 100
MAX_TOPIC_DESCRIPTION = 2000
MAX_KEYWORDS = 50
MAX_KEYWORD = 100
MAX_FILED = 20
"""Topics of one document."""
MAX_LLM_URL = 2000
MAX_LLM_MODEL = 200
MAX_LLM_KEY = 2000
TOPIC_NOT_FOUND = "Topic not found"
TOPIC_NAME_TAKEN = "There is a topic of that name already"
TOO_MANY_TOPICS = f"There are {MAX_TOPICS} topics already, which is the most"

_KEPT_IN_TEXTS = "\t\n\r"
T = TypeVar("T", bound=Hashable)


def one_line(text: str) -> str:
    """Without spaces around it, and one at most in a row. Raises ValueError where it is no line of text."""
    refuse_characters(text)
    line = " ".join(text.split())
    if not line:
        raise ValueError("nothing but blanks")
    return line


def _text(text: str) -> str:
    refuse_characters(text, but=_KEPT_IN_TEXTS)
    return text


def _base_url(url: str) -> str:
    """Raises ValueError for what is no URL to put a path behind, or would show a password."""
    refuse_characters(url)
    parts = urlsplit(url)  # which raises for an address in brackets that is none
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise ValueError("must be an http:// or https:// URL")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user or a password")
    if "?" in url or "#" in url:
        raise ValueError("is a base: neither a query nor a fragment belongs to it")
    _ = parts.port  # which raises where it is none
    return url


def _visible(key: SecretStr) -> SecretStr:
    """It travels in a header."""
    if not all("!" <= character <= "~" for character in key.get_secret_value()):
        raise ValueError("must be visible ASCII characters")
    return key


def _distinct(found: Sequence[T]) -> Sequence[T]:
    if len(set(found)) != len(found):
        raise ValueError("names one of them twice")
    return found


TopicName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_TOPIC_NAME,
        description="the topic's name, one line; two names of a user differ in more than case, width and blanks",
    ),
    AfterValidator(one_line),
]
TopicDescription = Annotated[
    str,
    Field(
        max_length=MAX_TOPIC_DESCRIPTION,
        description="what belongs under it, in any language, without control characters but tabs and line ends;"
        " documents are compared with it",
    ),
    AfterValidator(_text),
]
Keyword = Annotated[str, Field(min_length=1, max_length=MAX_KEYWORD), AfterValidator(one_line)]
Keywords = Annotated[
    tuple[Keyword, ...],
    Field(
        max_length=MAX_KEYWORDS, description="words or phrases that tell of it, each a line, for the mode `keywords`"
    ),
]
ApiKey = Annotated[SecretStr, Field(min_length=1, max_length=MAX_LLM_KEY), AfterValidator(_visible)]
Threshold = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
MostTopics = Annotated[int, Field(strict=True, ge=1, le=MAX_FILED)]


class TopicRequest(Request):
    """Makes a topic."""

    name: TopicName
    description: TopicDescription = ""
    keywords: Keywords = ()


class TopicPatch(Request):
    """Changes a topic; what is absent or null stays."""

    name: Annotated[TopicName | None, Field(description="the new name")] = None
    description: Annotated[TopicDescription | None, Field(description="the new description")] = None
    keywords: Annotated[Keywords | None, Field(description="the new keywords, all of them")] = None


class Topic(Response):
    """One topic of the caller."""

    id: Annotated[UUID, Field(description="the topic")]
    name: Annotated[str, Field(description="its name")]
    description: Annotated[str, Field(description="what belongs under it")]
    keywords: Annotated[tuple[str, ...], Field(description="words or phrases that tell of it")]
    examples: Annotated[int, Field(ge=0, description="documents that the caller filed under it by hand")]
    created_at: Annotated[AwareDatetime, Field(description="when it was made")]
    updated_at: Annotated[AwareDatetime, Field(description="when it last changed")]


class TopicList(Response):
    """All topics of the caller."""

    items: Annotated[tuple[Topic, ...], Field(description="the topics, by name")]


class TopicSuggestion(Response):
    """Documents that are like each other, and what a topic for them could be called; nothing has been changed."""

    name: Annotated[str, Field(description="a name, out of words that these documents share and others lack")]
    keywords: Annotated[tuple[str, ...], Field(description="more such words, the most telling first")]
    documents: Annotated[int, Field(ge=1, description="how many documents there are of the kind, of those looked at")]
    document_ids: Annotated[tuple[UUID, ...], Field(description="the most typical of them", min_length=1)]


class TopicSuggestions(Response):
    """Topics that the caller may want, the largest first; none where there are too few documents to tell."""

    items: Annotated[tuple[TopicSuggestion, ...], Field(description="the suggestions")]


class LlmRequest(Request):
    """A model that speaks OpenAI's chat completions, for the mode `llm`."""

    url: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_LLM_URL,
            description="the base of its API, http or https, without a password; it must be one this server may call",
        ),
        AfterValidator(_base_url),
    ]
    model: Annotated[
        str,
        Field(min_length=1, max_length=MAX_LLM_MODEL, description="the model's name there"),
        AfterValidator(one_line),
    ]
    key: Annotated[
        ApiKey | None,
        Field(
            description="the API's key, visible ASCII; never shown again. Absent: the stored one stays, for the host it"
            " was given for alone. Null: none",
        ),
    ] = None
    fall_back: Annotated[
        bool, Field(strict=True, description="whether the mode `embedding` does it where the model is away")
    ] = True


class ClassificationRequest(Request):
    """Replaces the caller's settings; what is absent or null is the service's default."""

    mode: Annotated[ClassificationMode, Field(description="how documents are classified; `off` reads none")]
    threshold: Annotated[
        Threshold | None, Field(description="the least score at which a document is filed under a topic")
    ] = None
    most_topics: Annotated[MostTopics | None, Field(description="topics a document is filed under, at most")] = None
    llm: Annotated[LlmRequest | None, Field(description="the model to ask; wanted by the mode `llm`")] = None


class Llm(Response):
    """The model that is asked in the mode `llm`."""

    url: Annotated[str, Field(description="the base of its API")]
    model: Annotated[str, Field(description="the model's name there")]
    fall_back: Annotated[bool, Field(description="whether the mode `embedding` does it where the model is away")]
    has_key: Annotated[bool, Field(description="whether a key is stored that can be used; the key is never shown")]


class Classification(Response):
    """How the caller's documents are classified."""

    mode: Annotated[ClassificationMode, Field(description="how documents are classified; `off` reads none")]
    threshold: Annotated[Threshold, Field(description="the least score at which a document is filed under a topic")]
    most_topics: Annotated[MostTopics, Field(description="topics a document is filed under, at most")]
    llm: Annotated[Llm | None, Field(description="the model to ask, where one was given")] = None


class DocumentTopicsRequest(Request):
    """Files a document by hand, which corrects what was found; none: it belongs under nothing."""

    topic_ids: Annotated[
        tuple[UUID, ...],
        Field(max_length=MAX_FILED, description="all topics it belongs under, each once"),
        AfterValidator(_distinct),
    ]


class DocumentTopics(Response):
    """What a document is filed under by hand."""

    id: Annotated[UUID, Field(description="the document")]
    topics: Annotated[tuple[DocumentTopic, ...], Field(description="what it is filed under, in the order given")]


BODIES: tuple[type[Request | Response], ...] = (
    TopicRequest, TopicPatch, Topic, TopicList, TopicSuggestions, ClassificationRequest, Classification,
    DocumentTopicsRequest, DocumentTopics,
)  # fmt: skip
"""Every body of this part that travels, in the order of the API's description."""
