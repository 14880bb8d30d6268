// Puts the page together: who, where, which conversation.

import { ConversationClient } from './client/conversation-client.js';
import { hubDoor, socketDoor } from './client/doors.js';
import { Outbox } from './client/outbox.js';
import { pause } from './client/pause.js';
import { Session } from './client/session.js';
import { askText } from './views/dialogs.js';
import { byId, trusted } from './views/elements.js';
import { ListView } from './views/list.js';
import { loadMarkdown } from './views/markdown.js';
import { Page } from './views/page.js';
import { showState } from './views/state.js';

showState('connecting');
const settings = await readSettings();
const door = settings.libraries ? await loadLibraries() : socketDoor();
const session = new Session(settings, refused => askToken(refused));
const client = new ConversationClient({ root: settings.root, token: refused => session.token(refused), door });
const page = new Page(client);
const outbox = new Outbox(client, page, session);
const list = new ListView(client, id => page.go(id));

byId('openapi').href = `${settings.root.slice(1)}/openapi.json`;
byId('health').href = `${settings.root.slice(1)}/health/ready`;
page.start(outbox, list);
outbox.resume();

async function readSettings() {
  for (;;) {
    try {
      return await (await fetch('page.json')).json();
    } catch {
      await pause(2000);
    }
  }
}

/** What npm brought. A library that does not come leaves the page with what it does without npm. */
async function loadLibraries() {
  const [, signalR] = await Promise.allSettled([loadMarkdown(), loadSignalR()]);
  return signalR.status === 'fulfilled' ? hubDoor(globalThis.signalR) : socketDoor();
}

/** SignalR's browser build is a classic script that leaves a global. */
function loadSignalR() {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = trusted.createScriptURL('lib/signalr.js');
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function askToken(refused) {
  for (;;) {
    const token = await askText({
      title: refused ? 'This token is not accepted' : 'Who are you?',
      text: refused
        ? 'It may have expired. Paste a new one of the same user.'
        : 'This service asks for a token. Paste one that your identity service gave you; it is kept in this tab only.',
      label: 'Token',
      confirm: 'Use this token',
      secret: true,
    });
    if (token) {
      return token.replace(/^Bearer\s+/i, '');
    }
  }
}
