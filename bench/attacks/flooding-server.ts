/** A name server, in a thread, before whose answer come as many packets that are not it: TuDoor and blind spoofing at volume. */
import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeMessage, encodeA, encodeMessage, responseTo } from '@mailanchor/dns';

export type Oddity = 'id' | 'question' | 'scrap';

const { count, oddity } = workerData as { count: number; oddity: Oddity };
const socket = createSocket('udp4');
socket.on('message', (octets, { port, address }) => {
  const query = decodeMessage(octets);
  const { name, type } = query.questions[0]!;
  const answers = [{ name, type, class: 1, ttl: 60, rdata: encodeA('192.0.2.1') }];
  const right = encodeMessage(responseTo(query, { aa: true, answers }));
  const odd = Uint8Array.from(right);
  if (oddity === 'id') odd[0]! ^= 0x55;
  if (oddity === 'question') odd[13]! ^= 1;
  let left = count;
  const send = () => {
    // Not more at a time than the kernel holds for the other side.
    for (let i = 0; i < 100 && left > 0; i++, left--)
      socket.send(oddity === 'scrap' ? odd.subarray(0, left % 12) : odd, port, address);
    if (left > 0) setImmediate(send);
    else socket.send(right, port, address);
  };
  send();
});
socket.bind(0, '127.0.0.1', () => parentPort!.postMessage(socket.address().port));
