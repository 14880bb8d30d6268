// What has been written and not yet stored. It outlives the page: whatever was under way when a tab was closed is sent by the next one,
// with the same key, so that the service stores it once.

import { pause } from './pause.js';
import { kept } from './storage.js';

const PREFIX = 'conversation.outbox.';
// The service knows a key for two days at least: what could not be sent in one is asked about, and not sent again by itself.
const DAY = 24 * 60 * 60 * 1000;
const RETRY = 2000;
const STALE = 'It was written more than a day ago, and may have been sent then.';

export class Outbox {
  #client;
  #listener;
  #session;
  #entries = new Map();
  #lines = new Map();

  /** The listener has changed(entry), delivered(entry, message); the session says who writes. */
  constructor(client, listener, session) {
    this.#client = client;
    this.#listener = listener;
    this.#session = session;
    addEventListener('storage', event => {
      if (event.key?.startsWith(PREFIX) && event.newValue === null) {
        this.#forget(event.key.slice(PREFIX.length));
      }
    });
  }

  /** Takes up what an earlier page left behind, once it is known who is here: what others wrote waits for them. */
  async resume() {
    while (!await this.#session.token().catch(() => null)) {
      await pause(RETRY);
    }

    const me = this.#session.subject;
    kept.keys.filter(key => key.startsWith(PREFIX))
      .map(key => parse(kept.get(key)))
      .filter(entry => entry && !this.#entries.has(entry.key) && (entry.subject ?? me) === me)
      .sort((a, b) => a.at - b.at)
      .forEach(entry => entry.state === 'refused' || isStale(entry) ? this.#doubt(entry) : this.#take(entry));
  }

  add(conversationId, content) {
    this.#begin({ key: newKey(), conversationId, content });
  }

  of(conversationId) {
    return [...this.#entries.values()].filter(entry => entry.conversationId === conversationId);
  }

  /** The feed has shown the message: the reply to the send is not needed any more. */
  seen(message) {
    const entry = this.#entries.get(message.metadata_json?.client_message_id);
    if (entry) {
      this.#forget(entry.key);
    }
  }

  retry(again) {
    const entry = this.#entries.get(again);
    if (entry?.state === 'refused') {
      const { key, conversationId, content } = entry;
      this.#begin({ key, conversationId, content });
    }
  }

  discard(key) {
    this.#forget(key);
  }

  /** Their conversation is gone. */
  discardAll(conversationId) {
    this.of(conversationId).forEach(entry => this.#forget(entry.key));
  }

  #begin(written) {
    const entry = { ...written, at: Date.now(), subject: this.#session.subject };
    keep(entry);
    this.#take(entry);
  }

  /** Not sent again unless somebody asks for it. */
  #doubt(entry) {
    entry.abort ??= new AbortController();
    entry.abort.abort();
    this.#entries.set(entry.key, entry);
    this.#mark(entry, 'refused', entry.state === 'refused' ? entry.detail : STALE);
  }

  #take(entry) {
    entry.state = 'sending';
    entry.abort = new AbortController();
    this.#entries.set(entry.key, entry);
    this.#listener.changed(entry);
    // One after the other: what was written first arrives first.
    const before = this.#lines.get(entry.conversationId) ?? Promise.resolve();
    this.#lines.set(entry.conversationId, before.then(() => this.#deliver(entry)));
  }

  async #deliver(entry) {
    if (entry.abort.signal.aborted) {
      return;
    }

    try {
      const message = await this.#client.send(
        entry.conversationId,
        { role: 'user', content: entry.content, client_message_id: entry.key, metadata_json: { client_message_id: entry.key } },
        {
          signal: entry.abort.signal,
          before: () => isStale(entry) && this.#doubt(entry),
          waiting: error => this.#mark(entry, 'waiting', error.message),
        });
      this.#listener.delivered(entry, message);
      this.#forget(entry.key);
    } catch (error) {
      if (!entry.abort.signal.aborted) {
        this.#mark(entry, 'refused', error.message);
      }
    }
  }

  #mark(entry, state, detail) {
    entry.state = state;
    entry.detail = detail;
    if (state === 'refused') {
      keep(entry);
    }

    this.#listener.changed(entry);
  }

  #forget(key) {
    kept.remove(PREFIX + key);
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      entry.abort.abort();
      this.#listener.changed(entry);
    }
  }
}

/** A refusal goes with it: another page shows that, and does not ask for another one. */
function keep({ key, conversationId, content, at, subject, state, detail }) {
  const refusal = state === 'refused' ? { state, detail } : {};
  kept.set(PREFIX + key, JSON.stringify({ key, conversationId, content, at, subject, ...refusal }));
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isStale(entry) {
  return Date.now() - entry.at > DAY;
}

/** randomUUID exists in secure contexts only; a page on a plain address of the local network has getRandomValues. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');
}
