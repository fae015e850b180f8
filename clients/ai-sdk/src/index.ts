/** Keeps the chats of Vercel's AI SDK in DialogueDB, through its public HTTP API. */

import type { UIMessage } from "ai";

import { type Answer, Api, DialogueDBError, type Page } from "./api.js";

export { DialogueDBError };

export interface ChatStoreOptions {
  /** Where the server is, such as `http://127.0.0.1:8000`. */
  endpoint: string;
  apiKey: string;
  namespace?: string;
  fetch?: typeof globalThis.fetch;
}

interface StoredMessage {
  id: string;
  role: string;
  content: unknown;
}

interface Stored {
  messages: StoredMessage[];
  /** The version of the list, which changes when somebody appends. */
  version: string | null;
}

/** Messages in one request, of which the server takes 1,000. */
const BATCH = 500;
const TRIES = 10;
const NEVER_WRITTEN = '"0"';
const ACTIVE_STREAM = "activeStreamId";

/** A chat is a dialogue, and each of its messages a message with the same id. */
export class ChatStore {
  readonly #api: Api;
  readonly #namespace: string | undefined;

  constructor(options: ChatStoreOptions) {
    this.#api = new Api(options.endpoint, options.apiKey, options.fetch ?? globalThis.fetch);
    this.#namespace = options.namespace;
  }

  /** Creates a chat without messages; returns its id. */
  async createChat(): Promise<string> {
    const made = await this.#api.send<{ id: string }>("POST", "/dialogue", this.#scoped({}));
    return made.body.id;
  }

  /** Returns the messages of a chat, oldest first; none when there is no such chat. */
  async loadChat<Message extends UIMessage = UIMessage>(chatId: string): Promise<Message[]> {
    const stored = await this.#stored(chatId);
    return (stored?.messages ?? []).map((one) => uiMessage(one) as Message);
  }

  /**
   * Makes a chat consist of these messages, and creates it if there is none.
   *
   * What is stored already is not sent again. A message that has changed, such as an answer that
   * went on or was made again, is replaced, with all behind it.
   */
  async saveChat(chat: { chatId: string; messages: UIMessage[] }): Promise<void> {
    const messages = chat.messages.map(messageOf);
    for (let tries = 1; ; tries++) {
      try {
        await this.#save(chat.chatId, messages);
        return;
      } catch (error) {
        const isRace = error instanceof DialogueDBError && RACES.has(error.code);
        if (!isRace || tries === TRIES) throw error;
      }
    }
  }

  /** Deletes a chat for good, if it is there. */
  async deleteChat(chatId: string): Promise<void> {
    await orNull(this.#api.send("DELETE", this.#path(chatId)));
  }

  /** Notes which stream is writing to a chat, so that it can be resumed; null when none is. */
  async setActiveStream(chatId: string, streamId: string | null): Promise<void> {
    const state = { [ACTIVE_STREAM]: streamId };
    if (await orNull(this.#api.send("PUT", this.#path(chatId, "/state"), state))) return;
    await this.#create(chatId);
    await this.#api.send("PUT", this.#path(chatId, "/state"), state);
  }

  /** Returns the stream that is writing to a chat. */
  async activeStream(chatId: string): Promise<string | null> {
    const found = await orNull(
      this.#api.send<Record<string, string | null>>("GET", this.#path(chatId, "/state")),
    );
    return found?.body[ACTIVE_STREAM] ?? null;
  }

  async #save(chatId: string, messages: StoredMessage[]): Promise<void> {
    const found = await this.#stored(chatId);
    if (!found) await this.#create(chatId);
    const stored = found?.messages ?? [];
    let equal = 0;
    while (equal < stored.length && isSame(stored[equal], messages[equal])) equal++;
    for (const one of stored.slice(equal).reverse()) {
      await orNull(this.#api.send("DELETE", this.#path(chatId, `/messages/${segment(one.id)}`)));
    }
    // Whoever else saves a new chat at the same time is noticed, too.
    let version: string | null = found?.version ?? NEVER_WRITTEN;
    for (let at = equal; at < messages.length; at += BATCH) {
      const body = { messages: messages.slice(at, at + BATCH) };
      const answer: Answer<unknown> = await this.#api.send("POST", this.#path(chatId, "/messages"), body, version);
      version = answer.version;
    }
  }

  async #stored(chatId: string): Promise<Stored | null> {
    const messages: StoredMessage[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const more: string = next && `&next=${next}`;
      const path = this.#path(chatId, "/messages", `limit=1000${more}`);
      const page = await orNull(this.#api.send<Page<StoredMessage>>("GET", path));
      if (!page) return null;
      messages.push(...page.body.items);
      next = page.body.next;
      if (next === null) return { messages, version: page.version };
    }
    return null;
  }

  async #create(chatId: string): Promise<void> {
    try {
      await this.#api.send("POST", "/dialogue", this.#scoped({ id: chatId }));
    } catch (error) {
      // Somebody else created it in between.
      if (!(error instanceof DialogueDBError && error.code === "DUPLICATE_ID")) throw error;
    }
  }

  #scoped(body: Record<string, unknown>): Record<string, unknown> {
    return this.#namespace === undefined ? body : { ...body, namespace: this.#namespace };
  }

  #path(chatId: string, rest = "", query = ""): string {
    const namespace = this.#namespace && `namespace=${encodeURIComponent(this.#namespace)}`;
    const queries = [query, namespace].filter(Boolean).join("&");
    return `/dialogue/${segment(chatId)}${rest}${queries && `?${queries}`}`;
  }
}

/** What somebody else did in between, after which all is read again. */
const RACES = new Set(["VERSION_CONFLICT", "DUPLICATE_ID", "DIALOGUE_NOT_FOUND"]);

function segment(id: string): string {
  return encodeURIComponent(id);
}

function messageOf(message: UIMessage): StoredMessage {
  if (!message.id) {
    throw new TypeError(
      "A message of the chat has no id; give toUIMessageStream() a generateMessageId",
    );
  }
  const { id, ...content } = message;
  return { id, role: message.role, content: JSON.parse(JSON.stringify(content)) };
}

/** Returns a message of the chat; what other programs stored is shown as far as it is text. */
function uiMessage(stored: StoredMessage): UIMessage {
  const { id, content } = stored;
  if (isObject(content) && Array.isArray(content["parts"])) {
    return { ...content, id } as unknown as UIMessage;
  }
  const parts = Array.isArray(content) ? content.map(partOf) : [partOf(content)];
  const isSpoken = stored.role === "user" || stored.role === "system";
  return { id, role: isSpoken ? stored.role : "assistant", parts } as UIMessage;
}

function partOf(value: unknown): UIMessage["parts"][number] {
  if (typeof value === "string") return { type: "text", text: value };
  if (isObject(value) && value["type"] === "text" && typeof value["text"] === "string") {
    return { type: "text", text: value["text"] };
  }
  return { type: "data-content", data: value };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSame(stored: StoredMessage | undefined, message: StoredMessage | undefined): boolean {
  if (!stored || !message || stored.id !== message.id || stored.role !== message.role) return false;
  return isEqual(stored.content, message.content);
}

function isEqual(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((value, at) => isEqual(value, other[at]));
  }
  if (isObject(one) && isObject(other)) {
    const names = Object.keys(one);
    const isAsMany = names.length === Object.keys(other).length;
    return isAsMany && names.every((name) => name in other && isEqual(one[name], other[name]));
  }
  return one === other;
}

/** Returns null in the place of what is not there. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DialogueDBError && error.type === "not_found") return null;
    throw error;
  }
}
