// What the page shows and what its buttons do.

import { act, askToDelete, askToRename } from './commands.js';
import { Composer } from './composer.js';
import { OpenConversation } from './conversation.js';
import { announce, byId, isPlain } from './elements.js';
import { drawPending } from './pending.js';
import { showState } from './state.js';
import { setBlank, setEdge, setTitle, tell } from './surroundings.js';
import { ThreadView } from './thread.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export class Page {
  #client;
  #outbox;
  #list;
  #open = null;
  #narrow = matchMedia('(max-width: 48rem)');
  #thread = new ThreadView({
    runOf: message => this.#open?.runOf(message),
    drawn: fromTheFirst => this.#edge(fromTheFirst),
    cancel: (message, run, button) => act(() => this.#open.cancel(run), button),
    retry: (message, run, button) => act(() => this.#open.again(message), button),
    regenerate: (message, run, button) => act(() => this.#open.again(message), button),
  });
  #composer = new Composer({
    send: async text => {
      let taken = false;
      await act(async () => { taken = await this.#send(text); });
      return taken;
    },
    stop: () => act(() => this.#open.cancel(this.#open.transcript.activeRuns[0])),
  });

  constructor(client) {
    this.#client = client;
  }

  start(outbox, list) {
    this.#outbox = outbox;
    this.#list = list;
    byId('rename').addEventListener('click', () => askToRename(this.#open, this.#list));
    byId('delete').addEventListener('click', () => askToDelete(this.#open, id => {
      this.#outbox.discardAll(id);
      this.go(null);
      this.#list.changed();
    }));
    byId('menu').addEventListener('click', () => this.#menu(!document.body.classList.contains('menu-open')));
    byId('new').addEventListener('click', event => {
      if (isPlain(event)) {
        event.preventDefault();
        this.go(null);
      }
    });
    document.querySelector('.stage').addEventListener('click', () => this.#menu(false));
    addEventListener('keydown', event => event.key === 'Escape' && this.#menu(false));
    // A jump inside of the page is one as well.
    addEventListener('popstate', () => idOfAddress() !== (this.#open?.id ?? null) && this.#show(idOfAddress()));
    list.load();
    this.#show(idOfAddress());
  }

  /** Opens a conversation, or the place where a new one begins. */
  go(id) {
    if (id !== idOfAddress()) {
      history.pushState(null, '', id ? `?c=${id}` : location.pathname);
    }

    this.#menu(false);
    this.#show(id);
    this.#composer.focus();
  }

  // What the outbox tells.

  changed(entry) {
    const isHere = entry.conversationId === this.#open?.id;
    if (isHere) {
      this.#drawPending();
    }

    if (entry.state === 'refused') {
      announce(isHere ? `Not sent. ${entry.detail}` : `A message to ${this.#nameOf(entry.conversationId)} was not sent. ${entry.detail}`);
    }
  }

  delivered(entry, message) {
    if (entry.conversationId === this.#open?.id) {
      this.#open.transcript.put(message);
    }

    this.#list.changed();
  }

  #nameOf(id) {
    const title = this.#list.find(id)?.title;
    return title ? `“${title}”` : 'another conversation';
  }

  #show(id) {
    this.#open?.close();
    this.#open = id ? new OpenConversation(this.#client, id, this.#listener(id)) : null;
    this.#thread.show(this.#open?.transcript ?? { messages: [] }, () => this.#older());
    this.#composer.open(id);
    this.#composer.answering(false);
    this.#list.select(id);
    byId('actions').hidden = true;
    setTitle(id ? this.#list.find(id)?.title || '…' : 'New conversation');
    setBlank(id ? '' : 'What is on your mind?', id ? '' : 'Write a message below. A conversation begins with it, and the answer appears word by word.');
    this.#drawPending();
    showState(id ? 'connecting' : 'idle');
    this.#open?.open().catch(error => this.#failed(id, error));
  }

  #failed(id, error) {
    if (this.#open?.id === id && error.name !== 'AbortError') {
      showState('idle');
      setTitle('Not found');
      setBlank(
        error.status === 404 ? 'There is no such conversation' : 'This conversation cannot be opened',
        error.status === 404 ? 'It was deleted, or it belongs to someone else. Choose another one, or begin anew.' : error.message);
    }
  }

  #listener(id) {
    const mine = action => (...given) => this.#open?.id === id && action(...given);
    return {
      changed: mine((message, isNew) => {
        this.#outbox.seen(message);
        setBlank('');
        this.#thread.changed(message);
        this.#touch(isNew && message.role === 'assistant' && this.#open.transcript.runs.get(message.run_id)?.trigger_message_id);
        this.#busy();
      }),
      removed: mine(() => this.#thread.draw()),
      ran: mine(run => {
        this.#touch(run.trigger_message_id);
        this.#touch(this.#open.transcript.answerOf(run)?.id);
        this.#busy();
      }),
      happened: mine(frame => tell(frame, this.#open.transcript.get(frame.message?.id)) && this.#list.changed()),
      titled: mine(conversation => {
        setTitle(conversation.title || 'Untitled');
        byId('actions').hidden = false;
        const any = this.#open.transcript.messages.length + this.#outbox.of(id).length;
        setBlank(any ? '' : 'Nothing here yet', 'Write the first message below.');
      }),
      state: mine((word, rest) => {
        showState(word, rest);
        if (word === 'gone') {
          this.#list.load();
          byId('actions').hidden = true;
        }
      }),
    };
  }

  #touch(id) {
    const message = id && this.#open.transcript.get(id);
    if (message) {
      this.#thread.changed(message);
    }
  }

  #busy() {
    const [run] = this.#open.transcript.activeRuns;
    this.#composer.answering(Boolean(run), run?.status === 'cancelling');
  }

  async #older() {
    const loading = this.#open?.older();
    this.#thread.draw();
    return loading;
  }

  #edge(fromTheFirst) {
    const open = this.#open;
    if (!fromTheFirst || !open?.transcript.messages.length) {
      setEdge('');
    } else if (open.pastFailed) {
      setEdge('Earlier messages could not be loaded.', 'Try again', () => {
        open.pastFailed = false;
        this.#thread.back();
      });
    } else {
      setEdge(open.isLoading ? 'Loading earlier messages…' : open.hasOlder ? '' : 'The conversation begins here.');
    }
  }

  async #send(text) {
    if (!this.#open) {
      const id = await this.#begin(text);
      if (!id) {
        return false;
      }

      this.go(id);
    }

    this.#outbox.add(this.#open.id, text);
    this.#thread.toLatest();
    this.#composer.focus();
    return true;
  }

  /** A create has no key that would make a repeat safe: it is tried once, and the text stays where it is when that fails. */
  async #begin(text) {
    try {
      // By code points: half of a pair is no text, and would be refused for ever.
      const title = [...text.split('\n')[0]].slice(0, 60).join('').trim();
      return (await this.#client.request('POST', '/conversations/', { title })).body.id;
    } catch (error) {
      if (!this.#open) {
        setBlank('The conversation could not be begun', `${error.message} Your text is still below; send it again in a moment.`);
      }

      announce(`The conversation could not be begun. ${error.message}`);
      return null;
    }
  }

  #drawPending() {
    drawPending(this.#open ? this.#outbox.of(this.#open.id) : [], this.#outbox);
    this.#thread.draw();
  }

  #menu(open) {
    const shown = open && this.#narrow.matches;
    document.body.classList.toggle('menu-open', shown);
    byId('menu').setAttribute('aria-expanded', shown);
  }
}

function idOfAddress() {
  const id = new URLSearchParams(location.search).get('c');
  return UUID.test(id) ? id.toLowerCase() : null;
}
