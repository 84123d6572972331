import { expect, test } from 'vitest';
import type { LabError } from './errors.ts';
import { type Listen, openPort } from './port.ts';

/** A machine on which the kernel offers `offered` ports in turn, and `taken` ones are taken on the second address. */
function machine(
  offered: readonly number[],
  taken: ReadonlySet<number>,
): { listens: Listen[]; open: Set<string> } {
  const open = new Set<string>();
  let next = 0;
  const listen =
    (address: string): Listen =>
    async (wanted) => {
      const port = wanted || offered[next++]!;
      if (address === 'second' && taken.has(port))
        throw Object.assign(new Error(`${port} in use`), { code: 'EADDRINUSE' });
      open.add(`${address} ${port}`);
      return {
        port,
        close: async () => {
          open.delete(`${address} ${port}`);
        },
      };
    };
  return { listens: [listen('first'), listen('second')], open };
}

test('a port that is taken somewhere is given up everywhere', async () => {
  const { listens, open } = machine([1001, 1002, 1003], new Set([1001, 1002]));
  expect((await openPort(listens)).port).toBe(1003);
  expect([...open]).toEqual(['first 1003', 'second 1003']);
});

test('a port that was asked for is not replaced', async () => {
  const { listens, open } = machine([], new Set([1001]));
  const error = await openPort(listens, 1001).catch((reason: LabError) => reason);
  expect(error).toMatchObject({
    name: 'LabError',
    code: 'no-port',
    message: expect.stringContaining('1001 in use'),
  });
  expect(open.size).toBe(0);
});

test('it gives up after a while', async () => {
  const ports = Array.from({ length: 50 }, (_, i) => 2000 + i);
  const { listens, open } = machine(ports, new Set(ports));
  await expect(openPort(listens)).rejects.toMatchObject({ code: 'no-port' });
  expect(open.size).toBe(0);
});

test.for([
  ['EADDRNOTAVAIL', 'Linux'],
  ['EACCES', 'privileges'],
])('%s is explained', async ([code, words]) => {
  const listen: Listen = () => Promise.reject(Object.assign(new Error('listen'), { code }));
  await expect(openPort([listen])).rejects.toThrow(words!);
});
