// Small things that every view needs.

export const byId = id => document.getElementById(id);

/** make('button', { type: 'button', class: 'quiet' }, 'Copy') */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(key, value);
    } else if (value !== undefined && value !== false) {
      element.setAttribute(key, value === true ? '' : value);
    }
  }

  element.append(...children.filter(child => child != null));
  return element;
}

/** Draws what is in an element anew; whoever was at a button (data-id) of it stays there. False: it is gone. */
export function keepFocus(element, draw) {
  const id = element.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
  draw();
  const same = id && element.querySelector(`[data-id="${id}"]`);
  same?.focus({ preventScroll: true });
  return id === undefined || Boolean(same);
}

/** A click that means this tab; with a key held down it means another one, or a window. */
export function isPlain(click) {
  return !click.metaKey && !click.ctrlKey && !click.shiftKey && !click.altKey;
}

const unchanged = text => text;

/** Browsers that know trusted types let nothing else turn text into HTML or a script: the renderer of markdown, and the library's address. */
export const trusted = globalThis.trustedTypes?.createPolicy('conversation', { createHTML: unchanged, createScriptURL: unchanged })
  ?? { createHTML: unchanged, createScriptURL: unchanged };

let cleared;

/** Says something to those who listen to the page instead of looking at it. */
export function announce(text) {
  byId('announcer').textContent = text;
  clearTimeout(cleared);
  cleared = setTimeout(() => { byId('announcer').textContent = ''; }, 5000);
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });
const units = [['day', 86400], ['hour', 3600], ['minute', 60]];

/** "5 min. ago", "yesterday", a date beyond a week. */
export function ago(time) {
  const seconds = (Date.now() - new Date(time)) / 1000;
  if (seconds > 7 * 86400) {
    return new Date(time).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
  }

  const [unit, length] = units.find(([, size]) => seconds >= size) ?? [];
  return unit ? relative.format(-Math.floor(seconds / length), unit) : 'just now';
}

export function clock(time) {
  return new Date(time).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}

export async function copy(text, button) {
  // A second click, while the first is still being answered, must not take that for the label.
  button.dataset.label ??= button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'Could not copy';
  }

  announce(button.textContent);
  setTimeout(() => { button.textContent = button.dataset.label; }, 2000);
}
