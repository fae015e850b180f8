/** Requests to DialogueDB, which are repeated when the server is away. */

export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface Answer<T> {
  body: T;
  /** The version of what was read or changed, as the server has it in `ETag`. */
  version: string | null;
}

/** What the server answers when it refuses a request. */
export class DialogueDBError extends Error {
  constructor(
    message: string,
    /** The status of the response. */
    readonly status: number,
    /** Such as `DIALOGUE_NOT_FOUND`. */
    readonly code: string,
    /** Such as `not_found`. */
    readonly type: string,
  ) {
    super(message);
    this.name = "DialogueDBError";
  }
}

/** A response that arrived to its end. */
interface Received {
  response: Response;
  text: string;
}

const TRIES = 4;
const WAIT_MS = 250;
const WAIT_MS_MAX = 10_000;
const AWAY = new Set([429, 502, 503, 504]);

export class Api {
  readonly #endpoint: string;

  constructor(
    endpoint: string,
    private readonly apiKey: string,
    private readonly fetch: typeof globalThis.fetch,
  ) {
    this.#endpoint = endpoint.replace(/\/+$/, "");
  }

  /** Sends a request until the server has answered it; all of them may be repeated. */
  async send<T>(
    method: string,
    path: string,
    body?: unknown,
    version?: string | null,
  ): Promise<Answer<T>> {
    const headers: Record<string, string> = {
      authorization: `Bearer ${this.apiKey}`,
      "content-type": "application/json",
      ...(version ? { "if-match": version } : {}),
      ...(method === "POST" ? { "idempotency-key": globalThis.crypto.randomUUID() } : {}),
    };
    const text = body === undefined ? null : JSON.stringify(body);
    for (let tries = 1; ; tries++) {
      const answered = await this.#try(path, { method, headers, body: text }, tries);
      if (answered?.response.ok) {
        const version = answered.response.headers.get("etag");
        return { body: JSON.parse(answered.text) as T, version };
      }
      if (answered && (!AWAY.has(answered.response.status) || tries === TRIES)) {
        throw errorOf(answered);
      }
      const after = Number(answered?.response.headers.get("retry-after") ?? 0) * 1_000;
      const wait = Math.min(after || WAIT_MS * 2 ** tries, WAIT_MS_MAX);
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }

  /** Returns the whole response; null when it was not received and will be tried again. */
  async #try(path: string, request: RequestInit, tries: number): Promise<Received | null> {
    try {
      const { fetch } = this;
      const response = await fetch(this.#endpoint + path, request);
      return { response, text: await response.text() };
    } catch (error) {
      if (tries === TRIES) throw error;
      return null;
    }
  }
}

function errorOf({ response, text }: Received): DialogueDBError {
  const { status } = response;
  try {
    const { error } = JSON.parse(text) as {
      error: { message: string; code: string; type: string };
    };
    return new DialogueDBError(error.message, status, error.code, error.type);
  } catch {
    return new DialogueDBError(`The server answered ${status}`, status, "UNKNOWN", "unknown");
  }
}
