// The yardstick for idle sockets: Node.js and ws with nothing between them. Each socket is pinged as often as the service pings its own, in
// the way of the README of ws, and gets a heartbeat as often as the service says one, if it says any.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const PING_INTERVAL_MS = 30_000;

const HEARTBEAT = JSON.stringify({ type: 'heartbeat', seq: 0, streaming: [], position: '0', conversation_id: '0'.repeat(36) });

const { hostname, port } = new URL(process.argv[2]);
const server = createServer((_, response) => response.end('ok'));
const sockets = new WebSocketServer({ server });
sockets.on('connection', socket => {
  socket.alive = true;
  socket.on('pong', () => { socket.alive = true; });
  socket.on('error', () => socket.terminate());
});
setInterval(() => {
  for (const socket of sockets.clients) {
    if (socket.alive) {
      socket.alive = false;
      socket.ping();
    } else {
      socket.terminate();
    }
  }
}, PING_INTERVAL_MS);
const heartbeatSeconds = Number(process.argv[3]);
if (heartbeatSeconds > 0) {
  setInterval(() => sockets.clients.forEach(socket => socket.send(HEARTBEAT)), heartbeatSeconds * 1000);
}
process.on('SIGTERM', () => process.exit(0));
server.listen(Number(port), hostname);
