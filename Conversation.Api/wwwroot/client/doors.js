// The ways in to a conversation's feed. A door is a function that follows once: it hands every frame to onFrame, ends when the stream
// ends or breaks, and stops when the signal says so. Reconnecting is the client's part.

/** SignalR: any transport that gets through. `signalR` is the namespace of @microsoft/signalr. */
export function hubDoor(signalR) {
  return async ({ root, token, conversationId, position, signal, onFrame }) => {
    const hub = new signalR.HubConnectionBuilder()
      .withUrl(`${root}/hubs/conversations`, { accessTokenFactory: token })
      .configureLogging(signalR.LogLevel.None)
      .build();
    const stop = () => hub.stop().catch(() => {});
    signal.addEventListener('abort', stop);
    try {
      // Negotiation does not listen to the signal.
      await Promise.race([hub.start(), new Promise(resolve => signal.addEventListener('abort', resolve))]);
      if (signal.aborted) {
        return;
      }

      await new Promise((resolve, reject) => {
        signal.addEventListener('abort', resolve);
        hub.onclose(resolve);
        hub.stream('Follow', conversationId, position ?? null).subscribe({ next: onFrame, error: reject, complete: resolve });
      });
    } finally {
      stop();
    }
  };
}

/** The plain WebSocket in its second dialect: no library at all. */
export function socketDoor() {
  return async ({ root, token, conversationId, position, signal, onFrame }) => {
    const url = new URL(`${root}/ws/conversations/${conversationId}`, location.href);
    url.protocol = url.protocol.replace('http', 'ws');
    url.search = new URLSearchParams({ token: await token(), ...(position == null ? {} : { after: position }) });
    if (signal.aborted) {
      return;
    }

    const socket = new WebSocket(url, 'conversation.v2');
    const stop = () => socket.close();
    signal.addEventListener('abort', stop);
    await new Promise(resolve => {
      socket.onmessage = message => {
        const frame = JSON.parse(message.data);
        if (frame.type !== 'reply' && frame.type !== 'error') {
          onFrame(frame);
        }
      };
      socket.onclose = resolve;
      signal.addEventListener('abort', resolve);
    });
    stop();
  };
}
