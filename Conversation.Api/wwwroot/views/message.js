// One message: who, what, and how its run is doing.

import { clock, copy, make } from './elements.js';
import { renderProse } from './markdown.js';

const WHO = { user: 'You', assistant: 'Assistant', system: 'System' };
// Longer texts are shown in part until someone asks: laying out a megabyte takes a browser seconds.
const LONG = 40_000;

export class MessageView {
  #message;
  #actions;
  #body = make('div', { class: 'body', dir: 'auto' });
  #more = make('button', { type: 'button', class: 'quiet more', hidden: true, click: () => this.#showAll() });
  #foot = make('div', { class: 'foot' });
  #foots = '';
  #whole = false;
  #shown;
  #notBefore = 0;

  constructor(message, actions) {
    this.#message = message;
    this.#actions = actions;
    const who = WHO[message.role] ?? message.role;
    const label = `who-${message.id}`;
    this.element = make(
      'li', { class: `message ${message.role}`, 'aria-labelledby': label },
      make('p', { class: 'who', id: label }, who, make('time', { datetime: message.created_at }, clock(message.created_at))),
      this.#body, this.#more, this.#foot);
    this.element.addEventListener('click', event => {
      const button = event.target.closest('[data-copy]');
      if (button) {
        copy(button.closest('.code').querySelector('code').textContent, button);
      }
    });
  }

  get seq() {
    return this.#message.seq;
  }

  /** Shows what is new of the message. Answers false where it put that off: long texts that grow are laid out less often. */
  update(run, isLast) {
    const { content, status } = this.#message;
    const streaming = status === 'streaming';
    this.element.classList.toggle('streaming', streaming);
    this.#showFoot(run, isLast);
    if (this.#shown === content) {
      return true;
    }

    const begin = performance.now();
    if (streaming && begin < this.#notBefore) {
      return false;
    }

    this.#shown = content;
    this.#showText(content);
    this.#notBefore = performance.now() + (performance.now() - begin) * 4;
    return true;
  }

  #showText(content) {
    const cut = !this.#whole && content.length > LONG;
    const text = cut ? content.slice(0, LONG) : content;
    if (this.#message.role === 'assistant') {
      renderProse(this.#body, text);
    } else {
      this.#body.textContent = text;
    }

    this.#more.hidden = !cut;
    this.#more.textContent = cut ? `Show all ${content.length.toLocaleString()} characters` : '';
  }

  #showAll() {
    this.#whole = true;
    this.#showText(this.#message.content);
    this.#body.tabIndex = -1;
    this.#body.focus();
  }

  /** Made again only when it says something else, so that a button does not vanish under a finger. */
  #showFoot(run, isLast) {
    const key = JSON.stringify([this.#message.status, this.#message.finish_reason, run?.id, run?.status, run?.answered, run?.displaced, run?.tool, run?.notices?.length, isLast]);
    if (key === this.#foots) {
      return;
    }

    this.#foots = key;
    const { note, tone, buttons } = footOf(this.#message, run, isLast);
    const had = this.#foot.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    this.#foot.replaceChildren(
      ...(note ? [make('p', { class: `note ${tone ?? ''}` }, note)] : []),
      ...buttons.map(name => this.#button(name, run)));
    if (had) {
      (this.#foot.querySelector(`[data-action="${had}"]`) ?? this.#foot.querySelector('button'))?.focus();
    }
  }

  #button(name, run) {
    const labels = { copy: 'Copy', cancel: 'Cancel', retry: 'Try again', regenerate: 'Regenerate' };
    return make(
      'button',
      {
        type: 'button',
        class: 'quiet',
        'data-action': name,
        click: event => name === 'copy'
          ? copy(this.#message.content, event.currentTarget)
          : this.#actions[name](this.#message, run, event.currentTarget),
      },
      labels[name]);
  }
}

function footOf(message, run, isLast) {
  return message.role === 'assistant' ? answerFoot(message, run, isLast) : questionFoot(message, run);
}

function answerFoot(message, run, isLast) {
  // What was imported, or written by hand, is no run's answer: there is nothing to have done again.
  const again = name => isLast && message.run_id ? ['copy', name] : ['copy'];
  const hints = noticesOf(message, run);
  if (message.status === 'streaming') {
    return run?.status === 'cancelling' ? { note: 'Stopping…', buttons: [] } : { note: run?.tool ? `Uses ${run.tool}…` : hints, buttons: [] };
  }

  if (message.status === 'interrupted') {
    if (message.finish_reason === 'cancelled' || run?.status === 'cancelled') {
      const unheard = run?.cancel_outcome === 'unsupported' ? ' The agent itself could not be stopped.' : '';
      return { note: `Stopped. What had arrived is kept.${unheard}`, buttons: again('regenerate') };
    }

    const why = run?.error_detail ?? 'The answer broke off.';
    return { note: `${why} What had arrived is kept.`, tone: 'bad', buttons: again('retry') };
  }

  return { note: message.finish_reason === 'cancelled' ? 'Stopped.' : hints, buttons: again('regenerate') };
}

function questionFoot(message, run) {
  switch (message.role === 'user' ? run?.status : undefined) {
    case 'queued':
      return { note: 'Waits for the answer before it.', buttons: ['cancel'] };
    case 'running':
      return run.answered ? { buttons: [] } : { note: run.tool ? `Uses ${run.tool}…` : 'Thinking…', tone: 'busy', buttons: [] };
    case 'cancelling':
      return run.answered ? { buttons: [] } : { note: 'Stopping…', buttons: [] };
    case 'failed':
      return run.answered
        ? { buttons: [] }
        : { note: `No answer: ${run.error_detail ?? 'the agent failed.'}`, tone: 'bad', buttons: ['retry'] };
    case 'cancelled':
      if (run.displaced) {
        return { note: 'Put aside for a later message.', buttons: [] };
      }

      return run.answered ? { buttons: [] } : { note: 'Stopped before there was an answer.', buttons: ['retry'] };
    default:
      return { buttons: [] };
  }
}

const NOTICES = {
  simulated_runtime: 'Simulated: no agent is configured yet.',
  langflow_auth_failed: 'The agent’s server did not accept this service’s key.',
  no_flows_found: 'The agent’s server has no flow to run.',
  langflow_unavailable: 'The agent’s server cannot be reached.',
};

function noticesOf(message, run) {
  const codes = (run?.notices ?? []).filter(note => note.level === 'warn').map(note => note.code);
  if (message.metadata_json?.runtime === 'simulated') {
    codes.push('simulated_runtime');
  }

  return [...new Set(codes)].map(code => NOTICES[code] ?? code.replaceAll('_', ' ')).join(' ');
}
