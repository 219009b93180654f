"""A path that is written out is that and nothing else: no `{id}` of another route stands for it, too."""

from __future__ import annotations

from aiohttp import web

from services.chassis.web_errors import Handler


@web.middleware
async def keep_to_path(request: web.Request, handler: Handler) -> web.StreamResponse:
    """405 for anyone, with the methods of that very path, where the router would try `{id}` next.

    So GET /api/documents/upload-url is no look at a document of that id, which there cannot be.
    """
    allowed = _methods_at(request)
    if allowed and request.method not in allowed:
        raise web.HTTPMethodNotAllowed(request.method, allowed)
    return await handler(request)


def _methods_at(request: web.Request) -> set[str]:
    """The methods of the routes whose path has no variable part and is the request's."""
    path = request.rel_url.path_safe  # as the router reads it
    written_out = (each for each in request.app.router.resources() if isinstance(each, web.PlainResource))
    return {route.method for resource in written_out if resource.canonical == path for route in resource}
