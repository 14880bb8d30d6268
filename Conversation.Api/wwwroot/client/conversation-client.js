// A client of the service: REST, sends that survive a lost reply, and a feed that is followed for ever. No dependencies: copy the files
// of this folder. transcript.js applies what arrives here, doors.js has the ways in, docs/protocol.md says why it is done like this.

import { backOff, pause } from './pause.js';
import { Silence, textOf } from './silence.js';

// Heartbeats come every 10 s; two and a half of them missed mean that the connection is dead, whatever the browser says of it.
const SILENCE = 25_000;
// A frame is heard of when it is whole. Where a connection brought none, it may have been a long one on a slow path.
const LONGEST_SILENCE = 200_000;
// A path that drops everything says nothing either: the system would wait for a quarter of an hour.
const PATIENCE = 60_000;
// Nobody tells how much of a body has gone up: it has the time that a slow path needs, in characters per millisecond.
const SLOWEST_UPLOAD = 4;

/** What the service, or the way to it, refused. Status 0: no answer came. */
export class ServiceError extends Error {
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** True where the same request may succeed later. */
  get passes() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class ConversationClient {
  #root;
  #token;
  #door;

  /**
   * @param {object} options
   * @param {string} options.root where the API is, such as '/api/v1'
   * @param {(refused?: string) => Promise<string>} options.token gives a token; another one than the refused
   * @param {Function} options.door hubDoor(...) or socketDoor(...) of doors.js
   */
  constructor({ root, token, door }) {
    this.#root = root;
    this.#token = token;
    this.#door = door;
  }

  /** One request, without retry. Answers { body, next, replayed }; next is the rest of a list. Throws ServiceError. */
  async request(method, path, body) {
    const token = await this.#token();
    let { response, text } = await this.#exchange(method, path, body, token);
    if (response.status === 401) {
      ({ response, text } = await this.#exchange(method, path, body, await this.#token(token)));
    }

    const json = parse(text);
    if (!response.ok) {
      const seconds = Number(response.headers.get('Retry-After')) || 0;
      throw new ServiceError(response.status, json?.detail ?? `The service answered ${response.status}.`, seconds * 1000);
    }

    const next = /<([^>]*)>; *rel="next"/.exec(response.headers.get('Link') ?? '')?.[1];
    return { body: json, next: next?.slice(this.#root.length), replayed: response.headers.has('Idempotency-Replayed') };
  }

  /**
   * Stores a message exactly once, however often the way there and back fails: every try carries the same key. Gives up only when
   * the service says no. `waiting` is told why and for how long it pauses; `before` is called ahead of every try, and may abort.
   */
  async send(conversationId, message, { before, waiting, signal } = {}) {
    for (let failures = 0; ; failures++) {
      before?.();
      signal?.throwIfAborted();
      try {
        return (await this.request('POST', `/conversations/${conversationId}/messages`, message)).body;
      } catch (error) {
        if (!error.passes) {
          throw error;
        }

        const rest = Math.max(backOff(failures), error.retryAfter);
        waiting?.(error, rest);
        await pause(rest, signal);
        signal?.throwIfAborted();
      }
    }
  }

  /**
   * Follows a conversation until stop() is called. `frame` applies a frame and answers false when text is missing before it; `state`
   * hears 'connecting', 'live', 'waiting' (with milliseconds), 'offline', 'denied' and 'gone'. The last two are final.
   */
  follow(conversationId, position, { frame, state }) {
    const ended = new AbortController();
    const feed = { conversationId, position, seq: position, gap: null, frame, state, failures: 0, silence: SILENCE, ended: ended.signal };
    this.#keepFollowing(feed);
    return { stop: () => ended.abort(), get position() { return feed.position; } };
  }

  async #keepFollowing(feed) {
    while (!feed.ended.aborted) {
      feed.state(orOffline('connecting'));
      await this.#followOnce(feed).catch(() => {});
      if (!feed.ended.aborted) {
        feed.state(orOffline('connecting'));
      }

      const verdict = feed.ended.aborted ? null : feed.deleted ? 'gone' : await this.#whyEnded(feed.conversationId);
      if (verdict) {
        feed.state(verdict);
        return;
      }

      if (!feed.ended.aborted) {
        const rest = backOff(feed.failures++);
        feed.state(orOffline('waiting'), rest);
        await pause(rest, feed.ended);
      }
    }
  }

  async #followOnce(feed) {
    const broken = new AbortController();
    const cut = () => broken.abort();
    const silence = new Silence(feed.silence, () => {
      feed.silence = Math.min(feed.silence * 2, LONGEST_SILENCE);
      cut();
    });
    feed.ended.addEventListener('abort', cut);
    addEventListener('offline', cut);
    try {
      await this.#door({
        root: this.#root,
        token: () => this.#token(),
        conversationId: feed.conversationId,
        position: feed.position,
        signal: broken.signal,
        onFrame: received => {
          if (broken.signal.aborted) {
            return;
          }

          silence.heard();
          if (feed.frame(received) === false) {
            missing(feed);
            cut();
            return;
          }

          advance(feed, received);
          feed.state('live');
        },
      });
    } finally {
      silence.end();
      feed.ended.removeEventListener('abort', cut);
      removeEventListener('offline', cut);
      broken.abort();
    }
  }

  /** A stream that ends does not say why in a way that is the same at every door; REST does. */
  async #whyEnded(conversationId) {
    try {
      await this.request('GET', `/conversations/${conversationId}`);
      return null;
    } catch (error) {
      return { 403: 'denied', 404: 'gone' }[error.status] ?? null;
    }
  }

  /** Sends a request and reads the answer's text, as long as something of it keeps coming. */
  async #exchange(method, path, body, token) {
    const headers = { Authorization: `Bearer ${token}` };
    const sent = body === undefined ? undefined : JSON.stringify(body);
    if (sent !== undefined) {
      headers['Content-Type'] = 'application/json';
    }

    const broken = new AbortController();
    const silence = new Silence(PATIENCE + (sent?.length ?? 0) / SLOWEST_UPLOAD, () => broken.abort());
    let response;
    try {
      response = await fetch(this.#root + path, { method, headers, body: sent, signal: broken.signal });
      return { response, text: await textOf(response, silence) };
    } catch {
      throw new ServiceError(0, response ? 'The connection broke before the answer was complete.' : 'The service cannot be reached.');
    } finally {
      silence.end();
    }
  }
}

/** What was applied, for the next time. */
function advance(feed, frame) {
  feed.position = frame.position ?? feed.position;
  feed.seq = frame.seq === undefined || frame.type === 'heartbeat' ? feed.seq : String(frame.seq);
  feed.deleted = frame.type === 'conversation.deleted';
  if (frame.type !== 'subscription.ready') {
    feed.failures = 0;
    feed.silence = SILENCE;
  }
}

/** A text that was read elsewhere may be shorter than the position says: its event alone, without how far its text went, brings all of it. */
function missing(feed) {
  const isSecond = feed.gap === feed.position;
  feed.gap = feed.position;
  feed.position = isSecond ? feed.seq : feed.position;
}

/** A hint for people, and no more: a service on this machine is there without any network. */
function orOffline(state) {
  return navigator.onLine === false ? 'offline' : state;
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
