"""Every choice of an operator, with its default."""

from pathlib import Path
from typing import Annotated, get_args

from msgspec import Struct

from dialoguedb.settings.about import About, one_of
from dialoguedb.settings.values import (
    PORT_MAX,
    Address,
    Database,
    EmbedderName,
    LogLevel,
    Network,
    RateLimitStore,
    Secret,
    SummarizerName,
    ToolNames,
    read_address,
    read_amount,
    read_command,
    read_database,
    read_host,
    read_level,
    read_name,
    read_network,
    read_origin,
    read_password,
    read_path,
    read_port,
    read_rate_limit_store,
    read_seconds,
    read_secret,
    read_switch,
    read_text,
    read_url,
)

_NETWORK = "an address range such as 10.0.0.0/8"
_SECONDS = "a whole number of seconds"
_ON_OFF = "true or false"
_AMOUNT = "a whole number from 1 on"


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be chosen when a command starts."""

    data: Annotated[
        Path,
        About(
            "Data directory; `serve`, `restore`, `keys create` and `projects create` make it.",
            "DIR",
            "a directory",
            read_path,
        ),
    ] = Path("dialoguedb-data")
    database: Annotated[
        Database,
        About(
            "Engine and address: sqlite: is the data directory, sqlite:DIR another directory;"
            " postgresql://USER@HOST/NAME a PostgreSQL database.",
            "URL",
            "a database such as sqlite:DIR or postgresql://USER@HOST/NAME",
            read_database,
        ),
    ] = Database()
    database_password: Annotated[
        Secret | None,
        About(
            "Password for PostgreSQL; others can see a command line, so use the variable or a file."
            " Without it, PGPASSWORD and the password file of libpq are read.",
            "PASSWORD",
            "a password",
            read_password,
            is_secret=True,
        ),
    ] = None
    pooled: Annotated[
        bool,
        About(
            "A connection pooler stands before PostgreSQL; PgBouncer is noticed without this.",
            "",
            _ON_OFF,
            read_switch,
        ),
    ] = False
    encryption_key_file: Annotated[
        Path | None,
        About(
            "File with the key of encrypted data: 32 bytes, in hexadecimal or base64.",
            "FILE",
            "a file",
            read_path,
        ),
    ] = None
    encryption_key_command: Annotated[
        str | None,
        About(
            "Command that prints this key, such as one that asks a key management service.",
            "COMMAND",
            "a command",
            read_command,
        ),
    ] = None
    host: Annotated[
        str,
        About(
            "Name or address to listen on; 0.0.0.0 or :: for all interfaces.",
            "HOST",
            "a host",
            read_host,
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        About(
            "Port to listen on; 0 for any free port.",
            "PORT",
            f"a port from 0 to {PORT_MAX}",
            read_port,
        ),
    ] = 8000
    workers: Annotated[
        int,
        About("Processes that serve the port together.", "N", _AMOUNT, read_amount),
    ] = 1
    tls_cert: Annotated[
        Path | None,
        About("Certificate chain (PEM); enables HTTPS.", "FILE", "a file", read_path),
    ] = None
    tls_key: Annotated[
        Path | None,
        About("Private key of the certificate (PEM).", "FILE", "a file", read_path),
    ] = None
    tls_self_signed: Annotated[
        bool,
        About(
            "Serve HTTPS with a self-signed certificate, stored in the data directory.",
            "",
            _ON_OFF,
            read_switch,
        ),
    ] = False
    metrics_address: Annotated[
        Address | None,
        About(
            "Serve metrics per project at this address, without a key; only you should reach it.",
            "HOST:PORT",
            "an address such as 127.0.0.1:9090",
            read_address,
        ),
    ] = None
    trusted_proxy: Annotated[
        tuple[Network, ...],
        About(
            "Addresses of your proxies, whose X-Forwarded-For is trusted.",
            "CIDR",
            _NETWORK,
            read_network,
        ),
    ] = ()
    cors_origin: Annotated[
        tuple[str, ...],
        About(
            "Origins whose web pages may call the API; * for any.",
            "ORIGIN",
            "an origin such as https://app.example.com, or *",
            read_origin,
        ),
    ] = ()
    rate_limits: Annotated[
        bool,
        About("Enforce the projects' rate limits.", "", _ON_OFF, read_switch),
    ] = True
    rate_limit_store: Annotated[
        RateLimitStore,
        About(
            "Where requests are counted for rate limits: process, in each server process by itself;"
            " database, for all servers together in PostgreSQL; or the URL of a Redis for all.",
            "STORE",
            "process, database, or a URL such as redis://HOST:PORT/0",
            read_rate_limit_store,
        ),
    ] = RateLimitStore()
    redis_password: Annotated[
        Secret | None,
        About(
            "Password for Redis; others can see a command line, so use the variable or a file.",
            "PASSWORD",
            "a password",
            read_password,
            is_secret=True,
        ),
    ] = None
    access_log: Annotated[
        bool,
        About("Log every request, not only failed ones.", "", _ON_OFF, read_switch),
    ] = False
    upload_memory: Annotated[
        int,
        About(
            "Memory for large request bodies, in MiB; one key gets half of it, at least one body.",
            "MIB",
            _AMOUNT,
            read_amount,
        ),
    ] = 96
    answer_memory: Annotated[
        int,
        About(
            "Memory for large answers, in MiB; one key gets half of it, at least one page.",
            "MIB",
            _AMOUNT,
            read_amount,
        ),
    ] = 64
    read_rate: Annotated[
        int,
        About(
            "Least speed at which clients read large answers, in KiB/s; slower ones are cut off.",
            "KIB",
            _AMOUNT,
            read_amount,
        ),
    ] = 32
    log_level: Annotated[
        LogLevel,
        About(
            "Minimum severity to log.",
            "LEVEL",
            f"one of {', '.join(get_args(LogLevel))}",
            read_level,
        ),
    ] = "info"
    shutdown_timeout: Annotated[
        int,
        About(
            "Seconds for requests in flight to finish after SIGTERM.",
            "SECONDS",
            _SECONDS,
            read_seconds,
        ),
    ] = 30
    embedder: Annotated[
        EmbedderName,
        one_of(
            "Embedder: wordllama (built in); openai, any OpenAI-compatible endpoint;"
            " sentence-transformers, a model on this machine; none, for keyword search only.",
            "NAME",
            EmbedderName,
        ),
    ] = "wordllama"
    embedder_model: Annotated[
        str | None,
        About(
            "Embedding model: a name for openai, a directory for sentence-transformers.",
            "MODEL",
            "a name or a directory",
            read_name,
        ),
    ] = None
    embedder_url: Annotated[
        str,
        About(
            "URL of the endpoint for openai; /embeddings is appended.",
            "URL",
            "a URL such as http://127.0.0.1:11434/v1",
            read_url,
        ),
    ] = "https://api.openai.com/v1"
    embedder_key: Annotated[
        Secret | None,
        About(
            "Key for the endpoint; others can see a command line, so use the variable or a file.",
            "KEY",
            "a key of visible ASCII characters",
            read_secret,
            is_secret=True,
        ),
    ] = None
    embedder_dimensions: Annotated[
        int | None,
        About(
            "Length of the vectors, for models that support shorter ones.",
            "NUMBER",
            _AMOUNT,
            read_amount,
        ),
    ] = None
    embedder_query_prefix: Annotated[
        str,
        About(
            "Prefix for queries, if the model needs one, such as 'query: ' for e5.",
            "TEXT",
            "a text",
            read_text,
        ),
    ] = ""
    embedder_document_prefix: Annotated[
        str,
        About(
            "Prefix for stored texts, if the model needs one, such as 'passage: ' for e5.",
            "TEXT",
            "a text",
            read_text,
        ),
    ] = ""
    embedder_batch_size: Annotated[
        int,
        About("Texts to embed in one batch.", "NUMBER", _AMOUNT, read_amount),
    ] = 64
    embedder_timeout: Annotated[
        int,
        About(
            "Timeout of the endpoint for a batch, in seconds.",
            "SECONDS",
            "a whole number of seconds from 1 on",
            read_amount,
        ),
    ] = 30
    search_neighbours: Annotated[
        bool,
        About(
            "Include neighbouring messages and the speaker in the score of a message.",
            "",
            _ON_OFF,
            read_switch,
        ),
    ] = True

    summarizer: Annotated[
        SummarizerName,
        one_of(
            "Summarizer: extractive (built in), which selects the most informative sentences;"
            " openai, any OpenAI-compatible chat endpoint; anthropic, its Messages API.",
            "NAME",
            SummarizerName,
        ),
    ] = "extractive"
    summarizer_model: Annotated[
        str | None,
        About("Summarization model, for openai and anthropic.", "MODEL", "a name", read_name),
    ] = None
    summarizer_url: Annotated[
        str | None,
        About(
            "URL of the endpoint; /chat/completions (openai) or /messages (anthropic) is appended."
            " By default, that of OpenAI or Anthropic.",
            "URL",
            "a URL such as http://127.0.0.1:11434/v1",
            read_url,
        ),
    ] = None
    summarizer_key: Annotated[
        Secret | None,
        About(
            "Key for the endpoint; others can see a command line, so use the variable or a file.",
            "KEY",
            "a key of visible ASCII characters",
            read_secret,
            is_secret=True,
        ),
    ] = None
    summarizer_timeout: Annotated[
        int,
        About(
            "Timeout of the model for a response, in seconds.",
            "SECONDS",
            "a whole number of seconds from 1 on",
            read_amount,
        ),
    ] = 120
    summarizer_tokens: Annotated[
        int,
        About("Maximum tokens of a summary.", "N", _AMOUNT, read_amount),
    ] = 2_000
    summarizer_chunk_tokens: Annotated[
        int,
        About(
            "Maximum tokens of messages in one request; longer ranges are summarized in parts,"
            " which are then combined.",
            "N",
            _AMOUNT,
            read_amount,
        ),
    ] = 12_000
    summarizer_parallel: Annotated[
        int,
        About("Concurrent requests to the summarizer.", "N", _AMOUNT, read_amount),
    ] = 4
    tool_names: Annotated[
        ToolNames,
        one_of(
            "Names of tools for agents: prefixed, such as dialoguedb_save, or short, such as save.",
            "NAMES",
            ToolNames,
        ),
    ] = "prefixed"
