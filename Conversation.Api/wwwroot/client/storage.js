// What a browser keeps for the page. Where it keeps nothing, because it is full or not allowed to, memory does for as long as the page lives.

export class BrowserStorage {
  #name;
  #memory = new Map();

  /** @param {'localStorage' | 'sessionStorage'} name */
  constructor(name) {
    this.#name = name;
  }

  get keys() {
    return [...new Set([...this.#try(area => Object.keys(area), []), ...this.#memory.keys()])];
  }

  get(key) {
    return this.#memory.get(key) ?? this.#try(area => area.getItem(key), null);
  }

  set(key, value) {
    this.#memory.set(key, value);
    this.#try(area => {
      area.setItem(key, value);
      this.#memory.delete(key);
    });
  }

  remove(key) {
    this.#memory.delete(key);
    this.#try(area => area.removeItem(key));
  }

  /** Merely naming the area throws where cookies are blocked. */
  #try(action, otherwise) {
    try {
      return action(globalThis[this.#name]);
    } catch {
      return otherwise;
    }
  }
}

/** For all tabs, and the next visit. */
export const kept = new BrowserStorage('localStorage');

/** For this tab, also over a reload. */
export const inTab = new BrowserStorage('sessionStorage');
