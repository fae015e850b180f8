"""Token buckets of projects in Redis.

Each call is one script, which Redis runs alone, by its own clock. A bucket is forgotten once it is
full again.
"""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from dialoguedb.errors import InvalidSetting, ServiceUnavailable
from dialoguedb.model.projects import Project
from dialoguedb.ports.rate_limits import TokensTaken

_ANSWER_S = 0.5
_CONNECTIONS = 32
_RETRIES = 1
"""Once more, for a connection that was closed while nobody used it."""

_PREFIX = "dialoguedb:rate:"
_TAKE = """
local requests, burst, per_second = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'counted_at')
local tokens = burst
if bucket[1] then
    local before = tonumber(bucket[2])
    now = math.max(now, before)
    tokens = math.min(burst, tonumber(bucket[1]) + (now - before) * per_second)
end
local taken = math.min(requests, math.floor(tokens + 0.000000001))
tokens = tokens - taken
local left, counted_at = string.format('%.17g', tokens), string.format('%.17g', now)
redis.call('HSET', KEYS[1], 'tokens', left, 'counted_at', counted_at)
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) / per_second * 1000) + 1000)
return {taken, left}
"""


class RedisRateLimits:
    """Implements `ports.RateLimitStore`; connects when it is first asked."""

    def __init__(self, url: str, password: str | None) -> None:
        try:
            self._client: Redis = Redis.from_url(
                url,
                password=password,
                max_connections=_CONNECTIONS,
                socket_timeout=_ANSWER_S,
                socket_connect_timeout=_ANSWER_S,
                retry=Retry(NoBackoff(), _RETRIES),
            )
        except (ValueError, TypeError, RedisError) as error:
            raise InvalidSetting(f"the URL of Redis cannot be used: {error}") from None
        self._take = self._client.register_script(_TAKE)

    async def take(self, project: Project, requests: int) -> TokensTaken:
        """Take a token for each request out of a project's bucket, as far as it has them."""
        rate = project.settings.rate_limit
        values = (requests, rate.burst, rate.per_second)
        try:
            count, left = await self._take(keys=[_PREFIX + project.id], args=values)
        except (RedisError, OSError) as error:
            raise ServiceUnavailable(f"Redis does not answer: {error}") from error
        return TokensTaken(int(count), float(left))

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()
