// The conversations, the latest active first. Nothing tells of other people's or other devices' changes, so it looks from time to time;
// tabs of one browser tell each other.

import { ago, byId, make } from './elements.js';

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
  #list = byId('list');
  #tabs = 'BroadcastChannel' in globalThis ? new BroadcastChannel('conversation') : null;

  /** `open(id)` is called for a conversation that the user chose. */
  constructor(client, open) {
    this.#client = client;
    this.#open = open;
    this.#tabs?.addEventListener('message', () => this.load());
    setInterval(() => document.visibilityState === 'visible' && navigator.onLine !== false && this.load(), EVERY);
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

    const focused = this.#list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    const rows = this.#items.map(item => make('li', {}, this.#row(item)));
    const more = this.#next ? [make('button', { type: 'button', class: 'quiet', 'data-id': MORE, click: () => this.#more() }, 'Show more')] : [];
    this.#list.replaceChildren(make('ul', {}, ...rows), ...more);
    if (focused) {
      const same = this.#list.querySelector(`[data-id="${focused}"]`);
      (same ?? (focused === MORE ? this.#list.querySelector('li:last-child a') : null))?.focus({ preventScroll: true });
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
          if (!event.metaKey && !event.ctrlKey && !event.shiftKey) {
            event.preventDefault();
            this.#open(item.id);
          }
        },
      },
      make('span', { class: 'name', dir: 'auto' }, item.title || 'Untitled'),
      make('time', { datetime: item.updated_at }, ago(item.updated_at)));
  }

  #say(text, ...more) {
    this.#list.replaceChildren(make('p', { class: 'empty' }, text), ...more);
  }

  #more() {
    this.#pages++;
    this.load();
  }
}
