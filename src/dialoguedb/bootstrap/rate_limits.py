"""Where rates are counted: by each process, in the database, or in Redis."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

from dialoguedb.errors import InvalidSetting
from dialoguedb.ports import Store
from dialoguedb.ports.rate_limits import RateLimitStore
from dialoguedb.settings import Settings

if TYPE_CHECKING:
    from dialoguedb.store.redis.rate_limits import RedisRateLimits

Open = Callable[[Store], AbstractAsyncContextManager[RateLimitStore | None]]
"""Opens the buckets that are shared; None where each process counts by itself."""


def rate_limit_store_of(settings: Settings) -> Open:
    """Choose where the servers on one store share their buckets; InvalidSetting."""
    chosen = settings.rate_limit_store
    if chosen.kind == "process" or not settings.rate_limits:
        return _nowhere
    if chosen.kind == "redis":
        return partial(_in_redis, _redis(settings))
    if settings.database.scheme == "sqlite":
        raise InvalidSetting(
            "rate-limit-store is database, which counts rates in PostgreSQL alone; with a data"
            " directory choose process or a redis:// URL"
        )
    return _in_database


@asynccontextmanager
async def _nowhere(_store: Store) -> AsyncIterator[RateLimitStore | None]:
    yield None


@asynccontextmanager
async def _in_database(store: Store) -> AsyncIterator[RateLimitStore | None]:
    yield store.rate_limits


@asynccontextmanager
async def _in_redis(redis: "RedisRateLimits", _store: Store) -> AsyncIterator[RateLimitStore]:
    try:
        yield redis
    finally:
        await redis.close()


def _redis(settings: Settings) -> "RedisRateLimits":
    chosen = settings.rate_limit_store
    if chosen.password and settings.redis_password:
        raise InvalidSetting("Give the password in the URL of Redis or beside it, not both")
    password = chosen.password or settings.redis_password
    try:
        from dialoguedb.store.redis.rate_limits import RedisRateLimits  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name == "redis":
            raise InvalidSetting(
                "rate limits in Redis need more to be installed: pip install 'dialoguedb[redis]'"
            ) from error
        raise
    return RedisRateLimits(chosen.url, password.text if password else None)
