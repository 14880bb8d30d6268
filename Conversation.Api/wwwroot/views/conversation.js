// One open conversation: its past by REST, its present by the feed, and what can be done with its runs.

import { ServiceError, pause } from '../client/conversation-client.js';
import { Transcript } from '../client/transcript.js';

const PAGE = 50;
const KNOWN_RUNS = 10;

export class OpenConversation {
  #client;
  #feed = null;
  #closed = new AbortController();
  #more = true;
  #loading = null;
  #show;

  /** `show` has changed(message, isNew), removed(message), ran(run), titled(conversation), state(word, rest). */
  constructor(client, id, show) {
    this.#client = client;
    this.id = id;
    this.#show = show;
    this.transcript = new Transcript(show);
  }

  get hasOlder() {
    return this.#more;
  }

  /** Reads the end of it and follows from there. Throws what is final, waits for the rest. */
  async open() {
    const { conversation, latest } = await this.#patiently(async () => {
      // The head first: what happens while the messages are read comes by the feed, and applying it twice does no harm.
      const { body } = await this.#client.request('GET', `/conversations/${this.id}`);
      return { conversation: body, latest: await this.#page('') };
    });
    if (this.#closed.signal.aborted) {
      return;
    }

    this.#show.titled(conversation);
    this.#take(latest);
    this.#follow(String(conversation.last_seq));
    await this.#readRuns();
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

    const runs = [...this.transcript.runs.values()].filter(run => run.trigger_message_id === message.id);
    const run = runs.sort((a, b) => a.queued_at.localeCompare(b.queued_at)).at(-1);
    return run && { ...run, answered: Boolean(run.assistant_message_id ?? this.transcript.answerOf(run)) };
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

        return this.transcript.apply(frame);
      },
      state: (word, rest) => this.#show.state(word, rest),
    });
  }

  async #older() {
    if (!this.#more || !this.transcript.floor) {
      return false;
    }

    const page = await this.#page(`&before=${this.transcript.floor}`).catch(() => []);
    this.#take(page);
    return page.length > 0;
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

    newestFirst.reverse().forEach(message => this.transcript.put(message));
  }

  /** Runs that ended without an answer, or have not begun, are told by no message: the latest are asked for one by one. */
  async #readRuns() {
    const { messages } = this.transcript;
    const answered = new Set(messages.filter(one => one.role === 'assistant' && one.status === 'completed').map(one => one.run_id));
    const open = [...new Set(messages.map(one => one.run_id))].filter(id => id && !answered.has(id) && !this.transcript.runs.has(id));
    const runs = open.slice(-KNOWN_RUNS).map(id => this.#client.request('GET', `/runs/${id}`).catch(() => null));
    (await Promise.all(runs)).forEach(answer => answer && this.transcript.putRun(answer.body));
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
