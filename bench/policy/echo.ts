/** A server that gives each piece of data one fixed answer: what sockets and the client cost by themselves. Prints its port. */
import { createServer } from 'node:net';

const ANSWER = Buffer.from('12:OK dane-only,');
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', () => socket.write(ANSWER));
  socket.on('error', () => {});
});
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () => {
  const address = server.address();
  process.stderr.write(
    `listening on 127.0.0.1:${typeof address === 'object' && address ? address.port : 0}, socketmap\n: ready\n`,
  );
});
