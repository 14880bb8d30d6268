// Questions to the user, each a promise of the answer.

import { byId, make } from './elements.js';

/** Asks for a line of text; null when the user thought better of it. */
export function askText({ title, label, value = '', confirm, maximum, secret = false, text }) {
  const input = make('input', {
    id: 'dialog-input', value, maxlength: maximum, required: true, autocomplete: 'off', type: secret ? 'password' : 'text', dir: 'auto',
  });
  return ask(title, confirm, text, [make('label', { for: 'dialog-input' }, label), input], () => input.value.trim() || null);
}

/** Asks whether to do something that cannot be undone. */
export function askYes({ title, text, confirm }) {
  return ask(title, confirm, text, [], () => true);
}

/** One after the other: a question that took the place of another would be answered for both. */
let asked = Promise.resolve();

function ask(...question) {
  const answer = asked.then(() => show(...question));
  asked = answer.catch(() => {});
  return answer;
}

function show(title, confirm, text, fields, answer) {
  const dialog = byId('dialog');
  const form = make(
    'form', { method: 'dialog' },
    make('h2', { id: 'dialog-title' }, title),
    text ? make('p', {}, text) : null,
    ...fields,
    make(
      'div', { class: 'dialog-foot' },
      make('button', { type: 'button', class: 'button', click: () => dialog.close('') }, 'Cancel'),
      make('button', { type: 'submit', class: 'button primary', value: 'yes' }, confirm)));
  dialog.replaceChildren(form);
  dialog.returnValue = '';
  dialog.showModal();
  form.querySelector('input')?.select();
  return new Promise(resolve => dialog.addEventListener(
    'close', () => resolve(dialog.returnValue === 'yes' ? answer() : null), { once: true }));
}
