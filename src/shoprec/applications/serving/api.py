"""The service's interface by HTTP: a schema for requests and answers, limits, health and metrics."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shoprec.applications.serving.bundle import BASKET
from shoprec.applications.serving.engine import Engine

LARGEST_BODY = 8_192  #: bytes; a full basket takes less than a tenth of it
IN_FLIGHT = 64  #: requests answered or waiting; whoever comes then is told to come back
PATHS = {"/recommendations", "/health", "/metrics"}  #: counted each by itself
LARGEST_ID = 2**53  #: above it, JSON's numbers lose digits in some languages
Id = Annotated[int, Field(strict=True, ge=0, le=LARGEST_ID)]


class Scanned(BaseModel):
    """A request: what a household has in its basket so far."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"household": 1, "basket": [], "k": 5}]})

    household: Id
    basket: Annotated[list[Id], Field(max_length=BASKET)] = []
    k: Annotated[int, Field(strict=True, ge=1, le=50)] = 10


class Recommended(BaseModel):
    """A product of the list."""

    item: int
    name_zh: str
    name_en: str
    score: float


class Listed(BaseModel):
    """An answer: the list, products of the basket that aren't in the catalogue, and what it took."""

    items: list[Recommended]
    unknown: list[int]
    purchases_read: int
    milliseconds: float


class BodyLimit:
    """Refuses a body that is larger than allowed, whatever length its sender claims, before it is read to its end."""

    def __init__(self, app: ASGIApp, most: int = LARGEST_BODY) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, and pass it on whole."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        body, more = b"", True
        while more and len(body) <= self.most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if len(body) > self.most:
            return await refusal(413, f"the body has more than {self.most} bytes")(scope, receive, send)
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return await self.app(scope, replay, send)


class Metrics:
    """What the service counts, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        at: dict[str, Any] = {"registry": self.registry}
        edges = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
        self.requests = Counter("requests", "Requests by path and status", ["path", "status"], **at)
        self.seconds = Histogram("request_seconds", "From arrival to answer, waiting included", buckets=edges, **at)
        self.model = Histogram("model_seconds", "Reading and ranking alone", buckets=edges, **at)
        self.in_flight = Gauge("requests_in_flight", "Requests for a list, answered or waiting", **at)
        self.read = Counter("purchases_read", "Purchases that the network had to read", **at)


def refusal(status: int, detail: Any, headers: dict[str, str] | None = None) -> JSONResponse:
    """An answer that says what is wrong with a request."""
    return JSONResponse({"detail": detail}, status, headers=headers)


def create_app(engine: Engine, in_flight: int = IN_FLIGHT) -> FastAPI:
    """The service over an engine; at most ``in_flight`` requests are answered or wait at a time."""
    app, metrics, busy = FastAPI(title="shoprec", version="1"), Metrics(), 0
    names = [(int(item), zh, en) for item, zh, en in engine.bundle.products.itertuples()]
    app.add_middleware(BodyLimit)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        # Without what was sent: it may hold what JSON can't, such as NaN or half a character.
        return refusal(
            422, [{"where": [str(w)[:40] for w in e["loc"]], "what": e["msg"][:200]} for e in error.errors()]
        )

    @app.middleware("http")
    async def watched(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        nonlocal busy
        start, path = time.perf_counter(), request.url.path
        asks = path == "/recommendations"
        if asks and busy >= in_flight:
            response: Response = refusal(503, "too many requests at once; come back", {"Retry-After": "1"})
        else:
            busy += asks
            metrics.in_flight.set(busy)
            try:
                response = await call_next(request)
            finally:
                busy -= asks
                metrics.in_flight.set(busy)
        if asks:
            metrics.seconds.observe(time.perf_counter() - start)
        metrics.requests.labels(path if path in PATHS else "other", response.status_code).inc()
        return response

    @app.post("/recommendations")
    async def recommendations(scanned: Scanned) -> Listed:
        """The list for a household and what it has in its basket."""
        found = await asyncio.to_thread(engine.answer, scanned.household, scanned.basket, scanned.k)
        metrics.model.observe(found.seconds)
        metrics.read.inc(found.read)
        items = [
            Recommended(**dict(zip(("item", "name_zh", "name_en"), names[code], strict=True)), score=float(score))
            for code, score in zip(found.codes, found.scores, strict=True)
        ]
        took = round(1000 * found.seconds, 3)
        return Listed(items=items, unknown=found.unknown, purchases_read=found.read, milliseconds=took)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """That the service is ready, and for whom."""
        n = {"households": len(engine.bundle.purchases), "products": len(engine.bundle.products)}
        return {"status": "ready", **n}

    @app.get("/metrics")
    async def page() -> Response:
        """What was counted, as Prometheus reads it."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return app
