// How the connection is, in words.

import { byId } from './elements.js';

const WORDS = {
  connecting: 'Connecting…',
  live: 'Connected',
  offline: 'You are offline. What you write is sent when you are back.',
  denied: 'Your token is not accepted.',
  gone: 'This conversation was deleted.',
  idle: '',
};

/** `rest` is how long a waiting connection waits, in milliseconds. */
export function showState(state, rest) {
  const element = byId('state');
  if (state !== 'waiting') {
    say(element, state, WORDS[state]);
    return;
  }

  // Not counted down: a screen reader would read every second.
  say(element, state, rest > 1500 ? `Connection lost. Trying again in ${Math.ceil(rest / 1000)} s…` : 'Connection lost. Trying again…');
}

function say(element, state, words) {
  if (element.dataset.state !== state || element.textContent !== words) {
    element.dataset.state = state;
    element.textContent = words;
  }
}
