"""From the bytes an endpoint answers to topics: nothing of it is believed before it is checked."""

from __future__ import annotations

import re
from typing import Annotated

from docuvault_contracts.events import FiledTopic
from pydantic import BaseModel, Field, ValidationError

from services.classifier.filing import Owner
from services.classifier.modes.llm_failures import NOT_USABLE, Failure, Kind
from services.classifier.modes.llm_plain import plain

MOST_CHOICES = 1000
MODEL_CHARACTERS = 60
_THOUGHTS = re.compile(r"(?s)\A\s*<think>.*?</think>")
_FENCE = re.compile(r"(?s)\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z")


class Message(BaseModel):
    """What the model said. Unknown fields are ignored, here and below."""

    content: str | None = None
    refusal: str | None = None


class Turn(BaseModel):
    """One answer of the model; we ask for one."""

    message: Message
    finish_reason: str | None = None


class Completion(BaseModel):
    """A chat completion."""

    choices: Annotated[list[Turn], Field(min_length=1, max_length=MOST_CHOICES)]


class Choice(BaseModel):
    """One topic that the model named, by its number."""

    topic: int
    reason: str
    score: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Answer(BaseModel):
    """All that the model may say."""

    topics: Annotated[list[Choice], Field(max_length=MOST_CHOICES)]


def read(body: bytes) -> Answer | Failure:
    """What the model said in a chat completion, or why that cannot be used."""
    try:
        turn = Completion.model_validate_json(body).choices[0]
    except ValidationError:
        return Failure(Kind.BROKEN, NOT_USABLE)
    return _cut_short(turn) or _said(turn.message.content or "")


def _cut_short(turn: Turn) -> Failure | None:
    if turn.finish_reason == "length":
        return Failure(Kind.BAD, "The language model did not come to an end within its limit of tokens")
    if turn.message.refusal or turn.finish_reason == "content_filter":
        return Failure(Kind.BAD, "The language model refuses to judge this document")
    return None


def _said(content: str) -> Answer | Failure:
    """Models that are not bound to a schema think aloud first, or put a fence around it."""
    content = _THOUGHTS.sub("", content, count=1)
    fenced = _FENCE.match(content)
    try:
        return Answer.model_validate_json(fenced[1] if fenced else content)
    except ValidationError:
        return Failure(Kind.BAD, NOT_USABLE)


def filed_topics(answer: Answer, owner: Owner, model: str) -> tuple[FiledTopic, ...]:
    """The owner's topics that the answer names, best first. A number that is none of them, or again, is dropped."""
    numbers: dict[int, Choice] = {}
    for choice in sorted(answer.topics, key=lambda each: -each.score):
        if 1 <= choice.topic <= len(owner.topics) and choice.score >= owner.wishes.threshold:
            numbers.setdefault(choice.topic, choice)
    kept = list(numbers.values())[: owner.wishes.most_topics]
    return tuple(_filed(choice, owner, model) for choice in kept)


def _filed(choice: Choice, owner: Owner, model: str) -> FiledTopic:
    topic = owner.topics[choice.topic - 1]
    reason = plain(choice.reason) or "chose it without a reason"
    said_by = plain(model, MODEL_CHARACTERS) or "The language model"
    return FiledTopic(topic_id=topic.id, name=topic.name, score=choice.score, reason=f"{said_by}: {reason}")
