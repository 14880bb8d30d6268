// What a conversation says, kept true by the rules of docs/protocol.md: every frame may come twice, and none is missed. Knows nothing
// of the page: `changed(message)`, `removed(message)` and `ran(run)` tell whoever shows it.

export class Transcript {
  /** In the order of the conversation. */
  messages = [];
  runs = new Map();

  /** Messages of a smaller seq are not loaded: one of them alone, told of by an event, would hide the gap above it. 0: none are missing. */
  floor = 0;

  #byId = new Map();
  #answers = new Map();
  #removed = new Set();
  #listener;

  constructor(listener = {}) {
    this.#listener = listener;
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** The answer that a run has begun; undefined where it has not. */
  answerOf(run) {
    return this.#answers.get(run.id);
  }

  /** The run that is being worked on, or waits for it; the oldest first. */
  get activeRuns() {
    return [...this.runs.values()]
      .filter(run => run.status === 'queued' || run.status === 'running' || run.status === 'cancelling')
      .sort((a, b) => a.queued_at.localeCompare(b.queued_at));
  }

  /** How a question stands is told by its newest run; its own run_id stays that of the first. */
  latestRunOf(question) {
    let latest;
    for (const run of this.runs.values()) {
      if (run.trigger_message_id === question.id && !(latest?.queued_at > run.queued_at)) {
        latest = run;
      }
    }

    return latest;
  }

  /** Whether a send put a run aside (on_busy): the one ended in the moment in which the other one was queued. */
  isDisplaced(run) {
    return [...this.runs.values()].some(other => other.id !== run.id && other.queued_at === run.finished_at);
  }

  /** Applies a frame. False: text is missing before it; follow again from the last position. */
  apply(frame) {
    if (frame.type === 'message.delta') {
      return this.#append(frame);
    }

    if (frame.message) {
      this.put(frame.message);
    }

    if (frame.run) {
      this.putRun(frame.run);
    } else if (frame.type === 'run.notice') {
      this.#note(frame);
    } else if (frame.type === 'tool.started' || frame.type === 'tool.completed') {
      this.#use(frame);
    }

    return true;
  }

  /** Takes a message as it is now: from an event, a list or the reply to a send. */
  put(message) {
    const known = this.#byId.get(message.id);
    if (message.deleted || message.status === 'superseded') {
      this.#removed.add(message.id);
      this.#remove(known);
      return;
    }

    if (this.#removed.has(message.id)) {
      // Read before it went, and arrived after.
      return;
    }

    if (known && message.status === 'streaming') {
      // An older snapshot of a text that has grown, or has ended, since.
      return;
    }

    if (known && known.status !== 'streaming' && known.updated_at > message.updated_at) {
      return;
    }

    if (!known && message.seq < this.floor) {
      return;
    }

    const kept = Object.assign(known ?? { attempt: 1 }, message);
    if (!known) {
      this.#byId.set(kept.id, kept);
      this.messages.splice(this.#placeOf(kept.seq), 0, kept);
    }

    if (kept.role === 'assistant' && kept.run_id) {
      this.#answers.set(kept.run_id, kept);
    }

    this.#listener.changed?.(kept, !known);
  }

  putRun(run) {
    const known = this.runs.get(run.id);
    const kept = { notices: known?.notices ?? [], tool: known?.tool, ...run };
    // A replayed event carries the run as it is now; a reply may be older than what the feed has said since.
    if (known?.finished_at && !run.finished_at) {
      return;
    }

    this.runs.set(run.id, kept);
    this.#listener.ran?.(kept);
  }

  /** A range of text, in UTF-16 code units, which is what JavaScript counts. */
  #append({ message_id: id, attempt, keep, from, to, text }) {
    const message = this.#byId.get(id);
    if (!message || message.status !== 'streaming' || attempt < message.attempt) {
      return true;
    }

    if (attempt > message.attempt) {
      message.attempt = attempt;
      message.content = message.content.slice(0, keep ?? 0);
    }

    const have = message.content.length;
    if (from > have) {
      return false;
    }

    if (to > have) {
      message.content += text.slice(have - from);
      this.#listener.changed?.(message, false);
    }

    return true;
  }

  #note({ run_id: id, seq, data }) {
    const run = this.runs.get(id) ?? { id, notices: [] };
    if (!run.notices.some(note => note.seq === seq)) {
      run.notices.push({ seq, ...data });
    }

    this.runs.set(id, run);
    this.#listener.ran?.(run);
  }

  #use({ type, run_id: id, data }) {
    const run = this.runs.get(id);
    if (run) {
      run.tool = type === 'tool.started' ? data?.name : undefined;
      this.#listener.ran?.(run);
    }
  }

  #remove(message) {
    if (message) {
      this.#byId.delete(message.id);
      this.messages.splice(this.messages.indexOf(message), 1);
      this.#listener.removed?.(message);
    }
  }

  #placeOf(seq) {
    let low = 0;
    let high = this.messages.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.messages[middle].seq < seq) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }

    return low;
  }
}
