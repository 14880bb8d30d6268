// What the user asks for and the service may refuse.

import { askText, askYes } from './dialogs.js';
import { byId } from './elements.js';

const LONGEST_TITLE = 255;

/** Does something, with its button out of reach meanwhile, and says so where it does not work. */
export async function act(action, button) {
  if (button?.getAttribute('aria-disabled') === 'true') {
    return false;
  }

  try {
    // Not disabled, which would take the focus from it.
    button?.setAttribute('aria-disabled', 'true');
    await action();
    return true;
  } catch (error) {
    await askYes({ title: 'That did not work', text: error.message, confirm: 'Understood' });
    return false;
  } finally {
    button?.removeAttribute('aria-disabled');
  }
}

export async function askToRename(open, list) {
  const title = await askText({
    title: 'Rename this conversation', label: 'Title', value: byId('title').textContent, confirm: 'Rename', maximum: LONGEST_TITLE,
  });
  if (title && await act(() => open.rename(title))) {
    list.changed();
  }
}

export async function askToDelete(open, deleted) {
  const sure = await askYes({
    title: 'Delete this conversation?', text: 'Its messages go with it, and nobody can bring them back.', confirm: 'Delete',
  });
  if (sure && await act(() => open.delete())) {
    deleted(open.id);
  }
}
