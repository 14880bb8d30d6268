// Where messages are written. What is written stays until it is sent, in every conversation, also over a reload.

import { byId } from './elements.js';

const DRAFT = 'conversation.draft.';

export class Composer {
  #text = byId('text');
  #send = byId('send');
  #stop = byId('stop');
  #conversation = '';

  /** `send(text)` takes the text, or answers false to leave it; `stop()` ends the answer that is being written. */
  constructor({ send, stop }) {
    this.#text.addEventListener('input', () => this.#changed());
    this.#text.addEventListener('keydown', event => {
      // While an input method composes, Enter takes a suggestion.
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        byId('composer').requestSubmit();
      }
    });
    byId('composer').addEventListener('submit', event => {
      event.preventDefault();
      this.#submit(send);
    });
    this.#stop.addEventListener('click', stop);
  }

  open(conversation) {
    this.#conversation = conversation ?? '';
    // Until the page is ready, nobody would hear Enter.
    this.#text.disabled = false;
    this.#text.value = sessionStorage.getItem(DRAFT + this.#conversation) ?? '';
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
    this.#stop.disabled = stopping;
  }

  async #submit(send) {
    const text = this.#text.value;
    if (text.trim() === '' || this.#text.readOnly) {
      return;
    }

    // Emptied at once: a second click finds nothing to send.
    this.#text.value = '';
    this.#changed();
    this.#text.readOnly = true;
    const taken = await send(text.trim()).catch(() => false);
    this.#text.readOnly = false;
    if (taken === false && this.#text.value === '') {
      this.#text.value = text;
    }

    this.#changed();
  }

  #changed() {
    this.#send.disabled = this.#text.value.trim() === '';
    this.#text.style.height = 'auto';
    this.#text.style.height = `${this.#text.scrollHeight}px`;
    if (this.#text.value) {
      sessionStorage.setItem(DRAFT + this.#conversation, this.#text.value);
    } else {
      sessionStorage.removeItem(DRAFT + this.#conversation);
    }
  }
}
