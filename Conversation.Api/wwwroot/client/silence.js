// Notices that nothing is heard any more. What is slow but alive is let go on, however long it takes.

export class Silence {
  #cut;
  #longest;
  #timer;

  /** Calls `cut` after so many milliseconds in which heard() was not called. */
  constructor(longest, cut) {
    this.#longest = longest;
    this.#cut = cut;
    this.heard();
  }

  heard() {
    this.end();
    this.#timer = setTimeout(this.#cut, this.#longest);
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/** The text of an answer; every part of it is heard. */
export async function textOf(response, silence) {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = '';
  for (let part = await reader?.read(); part && !part.done; part = await reader.read()) {
    silence.heard();
    text += decoder.decode(part.value, { stream: true });
  }

  return text + decoder.decode();
}
