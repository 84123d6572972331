import { expect, test } from 'vitest';
import { passedSockets } from './activation.ts';

test.each<[Record<string, string>, { plain: number[]; tls: number[] }]>([
  [
    { LISTEN_PID: '7', LISTEN_FDS: '2' },
    { plain: [3, 4], tls: [] },
  ],
  [
    { LISTEN_PID: '7', LISTEN_FDS: '3', LISTEN_FDNAMES: 'dns:tls:dns' },
    { plain: [3, 5], tls: [4] },
  ],
  [{}, { plain: [], tls: [] }],
  // Meant for our parent, and inherited by mistake.
  [
    { LISTEN_PID: '8', LISTEN_FDS: '2' },
    { plain: [], tls: [] },
  ],
  [{ LISTEN_FDS: '2' }, { plain: [], tls: [] }],
  [
    { LISTEN_PID: '7', LISTEN_FDS: 'many' },
    { plain: [], tls: [] },
  ],
  [
    { LISTEN_PID: '7', LISTEN_FDS: '-1' },
    { plain: [], tls: [] },
  ],
  [
    { LISTEN_PID: '7', LISTEN_FDS: '1000000000' },
    { plain: [], tls: [] },
  ],
])('%o', (environment, sockets) => {
  expect(passedSockets(environment, 7)).toEqual(sockets);
});
