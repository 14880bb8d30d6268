// The conversations, the latest active first. Nothing tells of other people's or other devices' changes, so it looks from time to time;
// tabs of one browser tell each other.

import { ago, byId, isPlain, keepFocus, make } from './elements.js';

const EVERY = 15_000;
const MORE = 'more';

export class ListView {
  #client;
  #open;
  #items = [];
  #next = null;
  #current = null;
  #pages = 1;
  #loading = null;
  #again = false;
  #shown = '';
  #list = byId('list');
  #tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('conversation') : null;

  /** `open(id)` is called for a conversation that the user chose. */
  constructor(client, open) {
    this.#client = client;
    this.#open = open;
    this.#tabs?.addEventListener('message', () => this.load());
    setInterval(() => document.visibilityState === 'visible' && this.load(), EVERY);
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.load());
  }

  select(id) {
    this.#current = id;
    this.#draw();
  }

  find(id) {
    return this.#items.find(item => item.id === id);
  }

  /** Something changed here: look again, and let the other tabs do so. */
  changed() {
    this.#tabs?.postMessage('changed');
    return this.load();
  }

  /** One look at a time; whoever asks meanwhile gets another one after it. */
  load() {
    if (this.#loading) {
      this.#again = true;
    } else {
      this.#loading = this.#loadAll().finally(() => { this.#loading = null; });
    }

    return this.#loading;
  }

  async #loadAll() {
    do {
      this.#again = false;
      await this.#loadOnce();
    } while (this.#again);
  }

  async #loadOnce() {
    try {
      let path = '/conversations?limit=50';
      const items = [];
      for (let page = 0; path && page < this.#pages; page++) {
        const answer = await this.#client.request('GET', path);
        items.push(...answer.body);
        path = answer.next;
      }

      this.#items = items;
      this.#next = path ?? null;
      this.#draw();
    } catch (error) {
      if (this.#items.length === 0) {
        this.#say(`The conversations cannot be shown. ${error.message}`, make('button', { type: 'button', class: 'button', click: () => this.load() }, 'Try again'));
      }
    }
  }

  #draw() {
    if (this.#items.length === 0) {
      this.#say('No conversations yet. The first message begins one.');
      return;
    }

    // Most looks find nothing new: then a pointer keeps what is under it, and a reader their place.
    const shown = JSON.stringify([this.#current, this.#next !== null, this.#items.map(item => [item.id, item.title, ago(item.updated_at)])]);
    if (shown === this.#shown) {
      return;
    }

    this.#shown = shown;
    const rows = this.#items.map(item => make('li', {}, this.#row(item)));
    const more = this.#next ? [make('button', { type: 'button', class: 'quiet', 'data-id': MORE, click: () => this.#more() }, 'Show more')] : [];
    const wasMore = document.activeElement?.dataset.id === MORE;
    if (!keepFocus(this.#list, () => this.#list.replaceChildren(make('ul', {}, ...rows), ...more)) && wasMore) {
      this.#list.querySelector('li:last-child a')?.focus({ preventScroll: true });
    }
  }

  #row(item) {
    return make(
      'a',
      {
        href: `?c=${item.id}`,
        'data-id': item.id,
        'aria-current': item.id === this.#current ? 'page' : undefined,
        click: event => {
          if (isPlain(event)) {
            event.preventDefault();
            this.#open(item.id);
          }
        },
      },
      make('span', { class: 'name', dir: 'auto' }, item.title || 'Untitled'),
      make('time', { datetime: item.updated_at }, ago(item.updated_at)));
  }

  #say(text, ...more) {
    this.#shown = '';
    this.#list.replaceChildren(make('p', { class: 'empty' }, text), ...more);
  }

  #more() {
    this.#pages++;
    this.load();
  }
}
