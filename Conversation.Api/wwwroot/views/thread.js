// The messages of a conversation. Only a window of them is in the document, however many there are; it moves with the reader, and what
// the reader looks at stays where it is unless that is the end.

import { byId } from './elements.js';
import { MessageView } from './message.js';

const WINDOW = 120;
const STEP = 40;
const NEAR_END = 48;

export class ThreadView {
  #actions;
  #transcript = null;
  #older = null;
  #views = new Map();
  #dirty = new Set();
  #first = 0;
  #backing = null;
  #following = true;
  #drawing = false;
  #last = null;
  #seen = { top: 0, height: 0 };
  #thread = byId('thread');
  #list = byId('messages');

  constructor(actions) {
    this.#actions = actions;
    this.#thread.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    byId('latest').addEventListener('click', () => this.toLatest());
    new ResizeObserver(() => this.#following && this.#toEnd()).observe(this.#thread);
  }

  /** Shows a transcript; `older` loads more of its past and answers whether there was any. */
  show(transcript, older) {
    this.#transcript = transcript;
    this.#older = older;
    this.#views.clear();
    this.#dirty.clear();
    this.#list.replaceChildren();
    this.#following = true;
    this.#first = 0;
    this.draw();
  }

  /** Something about a message is different: its text, its status or its run. */
  changed(message) {
    this.#dirty.add(message.id);
    this.draw();
  }

  toLatest() {
    this.#following = true;
    this.draw();
    this.#thread.focus({ preventScroll: true });
  }

  /** Puts the drawing off until the next frame: a hundred changes cost as much as one. */
  draw() {
    if (!this.#drawing) {
      this.#drawing = true;
      requestAnimationFrame(() => this.#draw());
    }
  }

  #draw() {
    this.#drawing = false;
    const messages = this.#transcript?.messages ?? [];
    if (this.#following) {
      this.#first = Math.max(0, messages.length - WINDOW);
    }

    this.#first = Math.min(this.#first, Math.max(0, messages.length - 1));
    const anchor = this.#following ? null : this.#anchor();
    if (this.#last !== messages.at(-1)) {
      // What can be done with a message depends on whether it is the last one.
      this.#dirty.add(this.#last?.id);
      this.#last = messages.at(-1);
      this.#dirty.add(this.#last?.id);
    }

    const shown = messages.slice(this.#first, this.#first + WINDOW);
    const put = this.#place(shown);
    if (this.#following) {
      this.#toEnd();
    } else if (anchor?.element.isConnected) {
      this.#thread.scrollTop += anchor.element.getBoundingClientRect().top - anchor.top;
    }

    byId('latest').hidden = this.#following;
    this.#actions.drawn(this.#first === 0);
    if (!put) {
      this.draw();
    }
  }

  /** Brings the document in line with the window, touching only what is different. True when nothing was put off. */
  #place(shown) {
    const wanted = new Set(shown.map(message => message.id));
    for (const [id, view] of this.#views) {
      if (!wanted.has(id)) {
        view.element.remove();
        this.#views.delete(id);
      }
    }

    let at = this.#list.firstElementChild;
    let done = true;
    for (const message of shown) {
      let view = this.#views.get(message.id);
      const isNew = !view;
      if (isNew) {
        view = new MessageView(message, this.#actions);
        this.#views.set(message.id, view);
      }

      if (view.element === at) {
        at = at.nextElementSibling;
      } else {
        this.#list.insertBefore(view.element, at);
      }

      if (isNew || this.#dirty.has(message.id)) {
        const drawn = view.update(this.#actions.runOf(message), message === this.#last);
        done &&= drawn;
        if (drawn) {
          this.#dirty.delete(message.id);
        }
      }
    }

    return done;
  }

  #anchor() {
    const top = this.#thread.getBoundingClientRect().top;
    for (const element of this.#list.children) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) {
        return { element, top: box.top };
      }
    }

    return null;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#thread;
    const messages = this.#transcript?.messages ?? [];
    const end = this.#first + WINDOW;
    const wasFollowing = this.#following;
    const up = scrollTop < this.#seen.top - 1 && scrollHeight >= this.#seen.height;
    this.#seen = { top: scrollTop, height: scrollHeight };
    this.#following = !up && end >= messages.length && scrollHeight - scrollTop - clientHeight < NEAR_END;
    byId('latest').hidden = this.#following;
    if (wasFollowing !== this.#following) {
      this.draw();
    }

    if (scrollTop < clientHeight) {
      this.back();
    } else if (end < messages.length && scrollHeight - scrollTop - clientHeight < clientHeight) {
      this.#first = Math.min(this.#first + STEP, messages.length - WINDOW);
      this.draw();
    }
  }

  /** Shows what is before the window; it is asked for where it is not loaded. */
  async back() {
    if (this.#first > 0) {
      this.#first = Math.max(0, this.#first - STEP);
      this.draw();
      return;
    }

    const transcript = this.#transcript;
    if (this.#backing === transcript) {
      // Every scroll event asks; the page that is on its way moves the window once.
      return;
    }

    this.#backing = transcript;
    const before = transcript.messages.length;
    try {
      if (await this.#older?.() && transcript === this.#transcript) {
        // The page came in above the window; the window still begins with the same message, and a step shows some of the new ones.
        this.#first = Math.max(0, this.#first + transcript.messages.length - before - STEP);
      }
    } finally {
      this.#backing = this.#backing === transcript ? null : this.#backing;
      this.draw();
    }
  }

  #toEnd() {
    this.#thread.scrollTop = this.#thread.scrollHeight;
  }
}
