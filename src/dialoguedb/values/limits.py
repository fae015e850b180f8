"""Every limit of the API; bytes and characters as the names say."""

BODY_BYTES_MAX = 36 * 1024 * 1024
"""The body of a request; the server reads no further."""

PAGE_BYTES_MAX = 32 * 1024 * 1024
"""A list's page ends early at this size, with at least one item."""

PAGE_ITEMS_MAX = 1_000
"""The largest `limit` of a list."""

PAGE_ITEMS_DEFAULT = 50
"""The default `limit` of a list."""

MESSAGES_PER_REQUEST_MAX = 1_000
"""Messages in one request: creating a dialogue, a batch, an update."""

CONTENT_BYTES_MAX = 1024 * 1024
"""A message's content or a memory's value, inline attachments left out."""

ATTACHMENT_BYTES_MAX = 25 * 1024 * 1024
"""One inline attachment of a message or a memory, decoded."""

ATTACHMENTS_MAX = 20
"""Inline attachments of one message or memory."""

STATE_BYTES_MAX = 1024 * 1024
"""A dialogue's state, as merged."""

METADATA_BYTES_MAX = 64 * 1024
"""The metadata of one object."""

NAME_CHARS_MAX = 256
"""An id, namespace, label, name or role."""

DESCRIPTION_CHARS_MAX = 4_096
"""A memory's description."""

SOURCE_MESSAGES_MAX = 100
"""Messages that a memory names as its source."""

TAG_CHARS_MAX = 64
"""One tag."""

TAGS_MAX = 50
"""Tags of one object."""

INDEXED_CHARS_MAX = 1024 * 1024
"""Text of one object that is indexed, from its beginning, cut at a word; its vector is of less."""

INDEXED_VALUES_MAX = 20_000
"""Values of the data in one object that are shown and indexed, in their order."""

JSON_DEPTH_MAX = 128
"""Nested arrays and objects in a body, counted from its root."""

IDEMPOTENCY_KEY_CHARS_MAX = 256
"""An `Idempotency-Key` header."""

IDEMPOTENCY_HOURS = 24
"""How long a response is kept for its `Idempotency-Key`."""

REQUEST_ID_CHARS_MAX = 128
"""An `X-Request-Id` header that is used as the id of the request."""

VALIDATION_ERRORS_MAX = 100
"""Validation errors listed in one response."""

ALLOWED_IPS_MAX = 1_000
"""Address ranges in a project's settings."""

SEARCH_ITEMS_MAX = 100
"""The largest `limit` of a search."""

SEARCH_ITEMS_DEFAULT = 10
"""The default `limit` of a search."""

QUERY_CHARS_MAX = 8_192
"""The query of a search."""

FILTER_VALUES_MAX = 1_000
"""Values in one list of a search's filters: an `$in`, tags, an array that means any of."""

FILTER_CONDITIONS_MAX = 100
"""Conditions on metadata in one search; each operator on a key is one."""

DATE_PHRASE_CHARS_MAX = 100
"""A date in a search, such as `last week`."""

CONTEXT_TOKENS_MAX = 2_000_000
"""The token budget of a context window."""

CONTEXT_ISSUES_MAX = 1_000
"""Issues of a broken history in one response."""

CONTEXT_MESSAGES_MAX = 10
"""Messages shown before a message that was found, and as many after it."""

INSTRUCTIONS_CHARS_MAX = 8_192
"""The instructions of one summary."""

PROMPT_CHARS_MAX = 32_768
"""The prompt of a template for summaries."""
