// Messages that are written but not stored yet.

import { byId, keepFocus, make } from './elements.js';

export function drawPending(entries, outbox) {
  const pending = byId('pending');
  const isKept = keepFocus(pending, () => pending.replaceChildren(...entries.map(entry => make(
    'li', { class: 'message user unsent' },
    make('p', { class: 'who' }, 'You'),
    make('div', { class: 'body', dir: 'auto' }, entry.content),
    make('div', { class: 'foot' }, ...footOf(entry, outbox))))));
  if (!isKept) {
    byId('text').focus();
  }
}

function footOf(entry, outbox) {
  const button = (label, action) => make(
    'button', { type: 'button', class: 'quiet', 'data-id': `${action} ${entry.key}`, click: () => outbox[action](entry.key) }, label);
  switch (entry.state) {
    case 'waiting':
      return [
        make('p', { class: 'note' }, `Not sent yet. ${entry.detail} It is sent as soon as that works.`),
        button('Discard', 'discard'),
      ];
    case 'refused':
      return [make('p', { class: 'note bad' }, `Not sent. ${entry.detail}`), button('Try again', 'retry'), button('Discard', 'discard')];
    default:
      return [make('p', { class: 'note' }, 'Sending…')];
  }
}
