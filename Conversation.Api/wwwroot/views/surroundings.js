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

/** What stands above the first message; a button where something can be done about it. */
export function setEdge(text, label, action) {
  const edge = byId('edge');
  if (edge.dataset.text !== text) {
    edge.dataset.text = text;
    edge.replaceChildren(text, ...(label ? [' ', make('button', { type: 'button', class: 'quiet', click: action }, label)] : []));
  }
}

/**
 * For those who listen: that an answer begins, how it ended, and what it says; not every word of it as it comes. Only what happens now is
 * told, not the past of a conversation that is being opened. Answers true where something ended.
 */
export function tell({ type, run }, message) {
  const isAnswer = message?.role === 'assistant';
  if (type === 'message.started' && isAnswer && message.status === 'streaming') {
    announce('The answer begins.');
  } else if (type === 'run.failed' && !run?.assistant_message_id) {
    announce(`No answer. ${run?.error_detail ?? ''}`);
  } else if (isAnswer && (type === 'message.created' || type === 'message.completed' || type === 'message.interrupted')) {
    announce(`${wordOf(message)} ${message.content.slice(0, 500)}`);
    return true;
  }

  return false;
}

function wordOf({ status, finish_reason: reason }) {
  return reason === 'cancelled' ? 'Stopped.' : status === 'interrupted' ? 'The answer broke off.' : 'The answer is complete.';
}
