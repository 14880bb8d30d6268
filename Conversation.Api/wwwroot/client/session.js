// Who is using the page. In development the service hands out tokens; elsewhere the user pastes one, which lives as long as the tab.

import { ServiceError } from './conversation-client.js';
import { inTab } from './storage.js';

const STORED = 'conversation.token';

export class Session {
  #settings;
  #ask;
  #value = null;
  #getting = null;

  /** `ask(refused)` lets the user give a token; it is called where no tokens are handed out. */
  constructor(settings, ask) {
    this.#settings = settings;
    this.#ask = ask;
  }

  /** Whom the token names; null before there is one, or where it does not say. */
  get subject() {
    return subjectOf(this.#value);
  }

  /** A token; another one than `refused`, which the service did not accept. Calls at the same time share one answer. */
  token(refused) {
    if (!this.#getting && (this.#value === null || this.#value === refused)) {
      this.#getting = this.#get(refused !== undefined)
        .then(token => { this.#value = token; return token; })
        .finally(() => { this.#getting = null; });
    }

    return this.#getting ?? Promise.resolve(this.#value);
  }

  async #get(renew) {
    if (this.#settings.development) {
      return this.#develop();
    }

    const stored = inTab.get(STORED);
    if (stored && !renew) {
      return stored;
    }

    const given = await this.#ask(renew);
    inTab.set(STORED, given);
    return given;
  }

  async #develop() {
    const response = await fetch(`${this.#settings.root}/dev/token`, { method: 'POST' }).catch(() => {
      throw new ServiceError(0, 'The service cannot be reached.');
    });
    if (!response.ok) {
      throw new ServiceError(response.status, 'The service gave no development token.');
    }

    return (await response.json()).access_token;
  }
}

/** Nothing is decided by it but whose unsent messages are whose: the service checks tokens. */
function subjectOf(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/'))).sub ?? null;
  } catch {
    return null;
  }
}
