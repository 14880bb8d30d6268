// One open conversation: its past by REST, its present by the feed, and what can be done with its runs.

import { ServiceError } from '../client/conversation-client.js';
import { pause } from '../client/pause.js';
import { Transcript } from '../client/transcript.js';

const PAGE = 50;
// How many of the latest runs are asked for: what happened to a page of questions, each answered anew a few times.
const KNOWN_RUNS = 200;

export class OpenConversation {
  #client;
  #feed = null;
  #closed = new AbortController();
  #more = false;
  #loading = null;
  #show;

  /** `show` has changed(message, isNew), removed(message), ran(run), happened(frame), titled(conversation), state(word, rest). */
  constructor(client, id, show) {
    this.#client = client;
    this.id = id;
    this.#show = show;
    this.transcript = new Transcript(show);
  }

  get hasOlder() {
    return this.#more;
  }

  get isLoading() {
    return this.#more && this.#loading !== null;
  }

  /** Whether earlier messages were asked for in vain. They are asked for again when somebody wants it. */
  pastFailed = false;

  /** Reads the end of it and follows from there. Throws what is final, waits for the rest. */
  async open() {
    const { conversation, latest, runs } = await this.#patiently(async () => {
      // The head first: what happens while the rest is read comes by the feed, and applying it twice does no harm.
      const { body } = await this.#client.request('GET', `/conversations/${this.id}`);
      const [messages, list] = await Promise.all([
        this.#page(''), this.#client.request('GET', `/conversations/${this.id}/runs?limit=${KNOWN_RUNS}&order=desc`),
      ]);
      return { conversation: body, latest: messages, runs: list.body };
    });
    if (this.#closed.signal.aborted) {
      return;
    }

    this.#show.titled(conversation);
    runs.forEach(run => this.transcript.putRun(run));
    this.#take(latest);
    this.#follow(String(conversation.last_seq));
  }

  close() {
    this.#closed.abort();
    this.#feed?.stop();
  }

  /** Loads earlier messages; true when there were any. */
  older() {
    this.#loading ??= this.#older().finally(() => { this.#loading = null; });
    return this.#loading;
  }

  /** The latest run that answers a message, or that produced it. */
  runOf(message) {
    if (message.role !== 'user') {
      return this.transcript.runs.get(message.run_id);
    }

    const run = this.transcript.latestRunOf(message);
    return run && {
      ...run,
      answered: Boolean(run.assistant_message_id ?? this.transcript.answerOf(run)),
      displaced: run.status === 'cancelled' && this.transcript.isDisplaced(run),
    };
  }

  async cancel(run) {
    const { body } = await this.#client.request('POST', `/runs/${run.id}/cancel`);
    this.transcript.putRun(body);
  }

  /** Has a message answered anew; an answer that it had is replaced. */
  async again(message) {
    const trigger = message.role === 'user' ? message.id : (await this.#client.request('GET', `/runs/${message.run_id}`)).body.trigger_message_id;
    const { body } = await this.#client.request('POST', `/conversations/${this.id}/runs`, { message_id: trigger });
    this.transcript.putRun(body);
  }

  rename(title) {
    return this.#client.request('PATCH', `/conversations/${this.id}`, { title }).then(({ body }) => this.#show.titled(body));
  }

  delete() {
    return this.#client.request('DELETE', `/conversations/${this.id}`);
  }

  #follow(position) {
    this.#feed = this.#client.follow(this.id, position, {
      frame: frame => {
        if (frame.type === 'conversation.updated') {
          this.#readTitle();
        }

        const isWhole = this.transcript.apply(frame);
        if (isWhole) {
          this.#show.happened(frame);
        }

        return isWhole;
      },
      state: (word, rest) => this.#show.state(word, rest),
    });
  }

  async #older() {
    if (!this.#more || !this.transcript.floor || this.pastFailed) {
      return false;
    }

    const page = await this.#page(`&before=${this.transcript.floor}`).catch(() => null);
    this.pastFailed = page === null;
    this.#take(page ?? []);
    return page?.length > 0;
  }

  async #page(before) {
    const { body, next } = await this.#client.request('GET', `/conversations/${this.id}/messages?limit=${PAGE}&order=desc${before}`);
    this.#more = Boolean(next);
    return body;
  }

  #take(newestFirst) {
    if (newestFirst.length > 0 || !this.#more) {
      this.transcript.floor = this.#more ? newestFirst.at(-1).seq : 0;
    }

    newestFirst.reverse().forEach(message => {
      this.transcript.put(message);
      if (message.status === 'streaming' && !this.transcript.runs.has(message.run_id)) {
        this.#readRun(message.run_id);
      }
    });
  }

  /** A long queue leaves the run that is being worked on behind the latest ones; without it there would be nothing to stop. */
  async #readRun(id) {
    const answer = await this.#client.request('GET', `/runs/${id}`).catch(() => null);
    if (answer) {
      this.transcript.putRun(answer.body);
    }
  }

  async #readTitle() {
    const answer = await this.#client.request('GET', `/conversations/${this.id}`).catch(() => null);
    if (answer) {
      this.#show.titled(answer.body);
    }
  }

  async #patiently(work) {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof ServiceError && error.passes)) {
          throw error;
        }

        const rest = Math.max(2000, error.retryAfter);
        this.#show.state(navigator.onLine === false ? 'offline' : 'waiting', rest);
        await pause(rest, this.#closed.signal);
        this.#closed.signal.throwIfAborted();
      }
    }
  }
}
