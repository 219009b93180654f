"""The classifier's part of the HTTP API: topics, what is filed under them, settings, suggestions."""

from __future__ import annotations

from docuvault_contracts import http, http_topics

from generator.operation import INVALID, NO_DOCUMENT, TOO_LARGE, Answer, Operation

NO_TOPIC = Answer(404, "Unknown, another user's, deleted, or no id at all", http.ErrorBody, http_topics.TOPIC_NOT_FOUND)
NAME_TAKEN = Answer(409, "Another topic of the caller has the name", http.ErrorBody, http_topics.TOPIC_NAME_TAKEN)

LIST_TOPICS = Operation(
    "listTopics",
    "get",
    "/api/topics",
    "List the caller's topics",
    "topics",
    (Answer(200, "All of them", http_topics.TopicList),),
)
CREATE_TOPIC = Operation(
    "createTopic",
    "post",
    "/api/topics",
    "Make a topic",
    "topics",
    (
        Answer(201, "The topic", http_topics.Topic),
        Answer(409, "Another topic has the name, or there are too many", http.ErrorBody, http_topics.TOPIC_NAME_TAKEN),
        TOO_LARGE,
        INVALID,
    ),
    body=http_topics.TopicRequest,
    description="Documents that come from now on may be filed under it; those there are, once classified again.",
)
GET_TOPIC = Operation(
    "getTopic",
    "get",
    "/api/topics/{id}",
    "Look at one topic",
    "topics",
    (Answer(200, "The topic", http_topics.Topic), NO_TOPIC),
)
CHANGE_TOPIC = Operation(
    "changeTopic",
    "patch",
    "/api/topics/{id}",
    "Change a topic",
    "topics",
    (Answer(200, "The topic as it is now", http_topics.Topic), NO_TOPIC, NAME_TAKEN, TOO_LARGE, INVALID),
    body=http_topics.TopicPatch,
    description="A document filed under it shows the name of then until it is classified again.",
)
DELETE_TOPIC = Operation(
    "deleteTopic",
    "delete",
    "/api/topics/{id}",
    "Delete a topic",
    "topics",
    (Answer(204, "It is gone, and its name is free; it is taken off documents soon after"), NO_TOPIC),
)
SUGGEST_TOPICS = Operation(
    "suggestTopics",
    "get",
    "/api/topics/suggestions",
    "Suggest topics for what is filed under nothing",
    "topics",
    (Answer(200, "Suggestions, none where there is too little to tell", http_topics.TopicSuggestions),),
    description="Looks at the newest documents that are filed under nothing. Nothing is changed by it.",
)
PUT_DOCUMENT_TOPICS = Operation(
    "setDocumentTopics",
    "put",
    "/api/documents/{id}/topics",
    "File a document by hand",
    "topics",
    (Answer(200, "What it is filed under now", http_topics.DocumentTopics), NO_DOCUMENT, TOO_LARGE, INVALID),
    body=http_topics.DocumentTopicsRequest,
    description="A correction: it holds until the document is classified again or has other bytes, and documents like"
    " it follow. The document itself shows it a moment later.",
)
DELETE_DOCUMENT_TOPICS = Operation(
    "undoDocumentTopics",
    "delete",
    "/api/documents/{id}/topics",
    "Take back what was filed by hand",
    "topics",
    (Answer(202, "It is no example any more, and is classified again", http.Accepted), NO_DOCUMENT),
)
GET_SETTINGS = Operation(
    "getClassification",
    "get",
    "/api/auth/me/classification",
    "Look at how the caller's documents are classified",
    "topics",
    (Answer(200, "The settings", http_topics.Classification),),
)
PUT_SETTINGS = Operation(
    "setClassification",
    "put",
    "/api/auth/me/classification",
    "Set how the caller's documents are classified",
    "topics",
    (Answer(200, "The settings as they are now", http_topics.Classification), TOO_LARGE, INVALID),
    body=http_topics.ClassificationRequest,
    description="For documents that are classified from now on. The model's key is stored encrypted and never shown.",
)
OF_CLASSIFIER = (
    LIST_TOPICS, CREATE_TOPIC, GET_TOPIC, CHANGE_TOPIC, DELETE_TOPIC, SUGGEST_TOPICS, PUT_DOCUMENT_TOPICS,
    DELETE_DOCUMENT_TOPICS, GET_SETTINGS, PUT_SETTINGS,
)  # fmt: skip
