// A client of the service: REST, sends that survive a lost reply, and a feed that is followed for ever. No dependencies: copy the files
// of this folder. transcript.js applies what arrives here, doors.js has the ways in, docs/protocol.md says why it is done like this.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
// Heartbeats come every 10 s; two and a half of them missed mean that the connection is dead, whatever the browser says of it.
const SILENCE = 25_000;
// A path that drops everything says nothing either: the system would wait for a quarter of an hour.
const PATIENCE = 60_000;

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
    let response = await this.#fetch(method, path, body, token);
    if (response.status === 401) {
      response = await this.#fetch(method, path, body, await this.#token(token));
    }

    const text = await response.text().catch(() => {
      throw new ServiceError(0, 'The connection broke before the answer was complete.');
    });
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
    const feed = { conversationId, position, frame, state, failures: 0, ended: ended.signal };
    this.#keepFollowing(feed);
    return { stop: () => ended.abort(), get position() { return feed.position; } };
  }

  async #keepFollowing(feed) {
    while (!feed.ended.aborted) {
      if (navigator.onLine === false) {
        feed.state('offline');
        await pause(LONGEST_PAUSE * 3, feed.ended);
        if (navigator.onLine === false) {
          continue;
        }
      }

      feed.state('connecting');
      await this.#followOnce(feed).catch(() => {});
      if (!feed.ended.aborted) {
        feed.state('connecting');
      }

      const verdict = feed.ended.aborted ? null : feed.deleted ? 'gone' : await this.#whyEnded(feed.conversationId);
      if (verdict) {
        feed.state(verdict);
        return;
      }

      if (!feed.ended.aborted && navigator.onLine !== false) {
        const rest = backOff(feed.failures++);
        feed.state('waiting', rest);
        await pause(rest, feed.ended);
      }
    }
  }

  async #followOnce(feed) {
    const broken = new AbortController();
    const cut = () => broken.abort();
    let watchdog = setTimeout(cut, SILENCE);
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

          clearTimeout(watchdog);
          watchdog = setTimeout(cut, SILENCE);
          if (feed.frame(received) === false) {
            cut();
            return;
          }

          feed.position = received.position ?? feed.position;
          feed.deleted = received.type === 'conversation.deleted';
          if (received.type !== 'subscription.ready') {
            feed.failures = 0;
          }

          feed.state('live');
        },
      });
    } finally {
      clearTimeout(watchdog);
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

  async #fetch(method, path, body, token) {
    const headers = { Authorization: `Bearer ${token}` };
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }

    try {
      return await fetch(this.#root + path, {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new ServiceError(0, 'The service cannot be reached.');
    }
  }
}

/** A pause that ends early when the network comes back, when someone looks at the page again, or when the signal says so. */
export function pause(milliseconds, signal) {
  return new Promise(resolve => {
    const looked = () => document.visibilityState === 'visible' && end();
    const end = () => {
      clearTimeout(timer);
      removeEventListener('online', end);
      document.removeEventListener('visibilitychange', looked);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    addEventListener('online', end);
    document.addEventListener('visibilitychange', looked);
    signal?.addEventListener('abort', end);
    if (signal?.aborted) {
      end();
    }
  });
}

/** Twice as long each time, and never the same for two clients, so that a restart does not bring all of them at once. */
function backOff(failures) {
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

function parse(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
