// Messages that are written but not stored yet.

import { byId, make } from './elements.js';

export function drawPending(entries, outbox) {
  byId('pending').replaceChildren(...entries.map(entry => make(
    'li', { class: 'message user unsent' },
    make('p', { class: 'who' }, 'You'),
    make('div', { class: 'body', dir: 'auto' }, entry.content),
    make('div', { class: 'foot' }, ...footOf(entry, outbox)))));
}

function footOf(entry, outbox) {
  switch (entry.state) {
    case 'waiting':
      return [make('p', { class: 'note' }, `Not sent yet. ${entry.detail} It is sent as soon as that works.`)];
    case 'refused':
      return [
        make('p', { class: 'note bad' }, `Not sent. ${entry.detail}`),
        make('button', { type: 'button', class: 'quiet', click: () => outbox.retry(entry.key) }, 'Try again'),
        make('button', { type: 'button', class: 'quiet', click: () => outbox.discard(entry.key) }, 'Discard'),
      ];
    default:
      return [make('p', { class: 'note' }, 'Sending…')];
  }
}
