// What stands around the messages: the title, the words of an empty page, the edge of the past, and what is said aloud.

import { announce, byId, make } from './elements.js';

export function setTitle(text) {
  byId('title').textContent = text;
  document.title = text === 'New conversation' ? 'Conversation' : `${text} · Conversation`;
}

/** What stands where messages would be; nothing without a title. */
export function setBlank(title, text = '') {
  byId('blank').hidden = !title;
  if (title) {
    byId('blank').replaceChildren(make('h2', {}, title), make('p', {}, text));
  }
}

export function setEdge(text) {
  byId('edge').textContent = text;
}

/** For those who listen: that an answer begins, and what it says once it is complete; not every word of it as it comes. */
export function tell(message, isNew, ended) {
  if (message.role !== 'assistant') {
    return;
  }

  if (message.status === 'streaming') {
    if (isNew) {
      announce('The answer begins.');
    }

    message.awaited = true;
  } else if (message.awaited) {
    message.awaited = false;
    announce(`The answer is complete. ${message.content.slice(0, 500)}`);
    ended();
  }
}
