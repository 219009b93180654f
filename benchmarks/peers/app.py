"""The plain design's HTTP API: the same two calls, the same answers, and everything done inside the request.

Without `from __future__ import annotations`: FastAPI reads the annotations of handlers that are made in a function.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID, uuid4

import orjson
from anyio import to_thread
from fastapi import Depends, FastAPI, HTTPException, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from benchmarks.peers.store import Store
from benchmarks.peers.tables import Document
from benchmarks.peers.work import charge, find
from services.chassis.auth import TokenVerifier
from services.chassis.auth_claims import InvalidTokenError
from services.chassis.settings import TokenSettings

POOL_SIZE = 10
"""As many connections as one of our replicas has."""
THREADS = 64
URL_LIFE = timedelta(minutes=15)


class UploadUrlRequest(BaseModel):
    """What a client sends."""

    filename: Annotated[str, Field(min_length=1, max_length=1024)]
    content_type: Annotated[str, Field(max_length=255)]


def make_app() -> FastAPI:
    """The application, as uvicorn's factory; its settings are the environment's."""
    engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=POOL_SIZE, max_overflow=0)
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    store, verifier, bearer, app = Store(), TokenVerifier(TokenSettings()), HTTPBearer(), FastAPI()

    async def caller(given: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> UUID:
        try:
            return (await verifier.verify(given.credentials)).user_id
        except InvalidTokenError as error:
            raise HTTPException(401, "Invalid token") from error

    @app.post("/api/documents/upload-url")
    async def upload_url(body: UploadUrlRequest, user_id: Annotated[UUID, Depends(caller)]) -> Response:
        document = _new(user_id, body)
        url = store.presigned_put(document.object_key, URL_LIFE)
        async with sessions() as session:
            session.add(document)
            await session.commit()
        return _json(upload_url=url, document_id=document.id, expires_at=document.expires_at, method="PUT")

    @app.post("/api/documents/{document_id}/confirm")
    async def confirm(document_id: UUID, user_id: Annotated[UUID, Depends(caller)]) -> Response:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        document = await _pending(sessions, user_id, document_id)
        size = await to_thread.run_sync(store.size_of, document.object_key)
        if size is None:
            raise HTTPException(422, "Upload not found")
        async with sessions() as session:
            used = await charge(session, document, size)
        if used is None:
            raise HTTPException(413, "Quota exceeded")
        return _json(id=document_id, size_bytes=size, used_bytes=used, status="uploaded")

    return app


async def _pending(sessions: async_sessionmaker[AsyncSession], user_id: UUID, document_id: UUID) -> Document:
    """No connection is held while the store is asked."""
    async with sessions() as session:
        document = await find(session, user_id, document_id)
    if document is None:
        raise HTTPException(404, "Document not found")
    return document


def _new(user_id: UUID, body: UploadUrlRequest) -> Document:
    now, document_id = datetime.now(UTC), uuid4()
    return Document(
        id=document_id,
        user_id=user_id,
        object_key=f"{user_id}/{document_id}/{uuid4()}{PurePosixPath(body.filename).suffix.lower()}",
        filename=body.filename,
        content_type=body.content_type,
        created_at=now,
        expires_at=now + URL_LIFE,
    )


def _json(**fields: object) -> Response:
    return Response(orjson.dumps(fields), media_type="application/json")
