// The walk of a JavaScript client: join, send, receive by group, follow from the start. Prints what it saw as JSON.
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';

const [url, token, conversation] = process.argv.slice(2);
const connection = new HubConnectionBuilder()
  .withUrl(url, { accessTokenFactory: () => token })
  .configureLogging(LogLevel.Error)
  .build();

const pushed = [];
const ended = new Promise(resolve => connection.on('ReceiveFrame', frame => {
  pushed.push(frame);
  if (frame.type === 'run.completed') resolve();
}));

await connection.start();
await connection.invoke('JoinConversation', conversation);
const sent = await connection.invoke('SendMessage', conversation, { role: 'user', content: 'Hello from Node 🙂' });
await ended;

const followed = [];
await new Promise((resolve, reject) => {
  const subscription = connection.stream('Follow', conversation, null).subscribe({
    next(frame) {
      followed.push(frame);
      if (frame.type === 'run.completed') {
        subscription.dispose();
        resolve();
      }
    },
    error: reject,
    complete: resolve,
  });
});

await connection.stop();
console.log(JSON.stringify({ sent, pushed, followed }));
