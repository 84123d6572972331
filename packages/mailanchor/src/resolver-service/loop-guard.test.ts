import { expect, test } from 'vitest';
import { findLoop } from './loop-guard.ts';

const own = ['127.0.0.1', '192.0.2.1', '2001:db8::1'];
const at = (address: string, port = 53) => ({ address, port });

test.each([
  [at('127.0.0.1'), at('127.0.0.1'), true],
  [at('127.0.0.1', 5300), at('127.0.0.1'), false],
  [at('127.0.0.2'), at('127.0.0.1'), false],
  [at('::1'), at('0:0:0:0:0:0:0:1'), true],
  [at('192.0.2.1'), at('0.0.0.0'), true],
  [at('127.0.0.9'), at('0.0.0.0'), true],
  [at('0.0.0.0'), at('0.0.0.0'), true],
  [at('192.0.2.2'), at('0.0.0.0'), false],
  [at('2001:DB8::1'), at('::'), true],
  [at('2001:db8::2'), at('::'), false],
  [at('::ffff:192.0.2.1'), at('192.0.2.1'), true],
])('upstream %o, listening at %o: %s', (upstream, listening, loops) => {
  expect(findLoop([at('203.0.113.1'), upstream], [listening], own) !== undefined).toBe(loops);
});
