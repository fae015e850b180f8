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
      const response = await this.#try(path, { method, headers, body: text }, tries);
      if (response?.ok) {
        return { body: (await response.json()) as T, version: response.headers.get("etag") };
      }
      if (response && (!AWAY.has(response.status) || tries === TRIES)) throw await errorOf(response);
      const after = Number(response?.headers.get("retry-after") ?? 0) * 1_000;
      const wait = Math.min(after || WAIT_MS * 2 ** tries, WAIT_MS_MAX);
      await new Promise((resume) => setTimeout(resume, wait));
    }
  }

  /** Returns the response; null when the server could not be reached and will be tried again. */
  async #try(path: string, request: RequestInit, tries: number): Promise<Response | null> {
    try {
      const { fetch } = this;
      return await fetch(this.#endpoint + path, request);
    } catch (error) {
      if (tries === TRIES) throw error;
      return null;
    }
  }
}

async function errorOf(response: Response): Promise<DialogueDBError> {
  const { status } = response;
  try {
    const { error } = (await response.json()) as {
      error: { message: string; code: string; type: string };
    };
    return new DialogueDBError(error.message, status, error.code, error.type);
  } catch {
    return new DialogueDBError(`The server answered ${status}`, status, "UNKNOWN", "unknown");
  }
}
