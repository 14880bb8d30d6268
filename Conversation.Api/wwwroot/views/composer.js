// Where messages are written. What is written stays until it is sent, in every conversation, also over a reload.

import { inTab } from '../client/storage.js';
import { byId } from './elements.js';

const DRAFT = 'conversation.draft.';
// What Safari says of the Enter that ends a composition, which for it is no part of one (UI Events, 8.3).
const COMPOSING = 229;

export class Composer {
  #text = byId('text');
  #send = byId('send');
  #stop = byId('stop');
  #conversation = '';
  #sending = new Set();

  /** `send(text)` takes the text, or answers false to leave it; `stop()` ends the answer that is being written. */
  constructor({ send, stop }) {
    this.#text.addEventListener('input', () => this.#changed());
    this.#text.addEventListener('keydown', event => {
      // While an input method composes, Enter takes a suggestion.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing && event.keyCode !== COMPOSING) {
        event.preventDefault();
        byId('composer').requestSubmit();
      }
    });
    byId('composer').addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(send);
    });
    this.#stop.addEventListener('click', () => this.#stop.getAttribute('aria-disabled') !== 'true' && stop());
  }

  open(conversation) {
    this.#conversation = conversation ?? '';
    // Until the page is ready, nobody would hear Enter.
    this.#text.disabled = false;
    this.#text.readOnly = this.#sending.has(this.#conversation);
    this.#text.value = inTab.get(DRAFT + this.#conversation) ?? '';
    this.#changed();
  }

  focus() {
    this.#text.focus();
  }

  answering(active, stopping) {
    if (!active && document.activeElement === this.#stop) {
      this.focus();
    }

    this.#stop.hidden = !active;
    // Not disabled, which would take the focus from it.
    this.#stop.setAttribute('aria-disabled', Boolean(stopping));
  }

  async #submit(send) {
    const text = this.#text.value;
    if (text.trim() === '' || this.#text.readOnly) {
      return;
    }

    // Emptied at once: a second click finds nothing to send. The draft stays until somebody else has the text.
    const conversation = this.#conversation;
    this.#text.value = '';
    this.#changed();
    inTab.set(DRAFT + conversation, text);
    this.#sending.add(conversation);
    this.#text.readOnly = true;
    const taken = await send(text.trim()).catch(() => false);
    this.#sending.delete(conversation);
    this.#text.readOnly = this.#sending.has(this.#conversation);
    if (taken !== false) {
      inTab.remove(DRAFT + conversation);
    } else if (this.#conversation === conversation) {
      this.#text.value = text;
    }

    this.#changed();
  }

  #changed() {
    this.#send.disabled = this.#text.value.trim() === '';
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    if (this.#text.value) {
      inTab.set(DRAFT + this.#conversation, this.#text.value);
    } else {
      inTab.remove(DRAFT + this.#conversation);
    }
  }
}
