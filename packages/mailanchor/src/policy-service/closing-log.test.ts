import { expect, test } from 'vitest';
import { ClosingLog } from './closing-log.ts';

test('a line a minute for each reason, with the number of those that had none', () => {
  const lines: string[] = [];
  const problem = (_: string, text: string) => lines.push(text);
  let now = 0;
  const log = new ClosingLog({ problem, event: problem }, () => now);
  for (let i = 0; i < 5; i++) log.note('malformed', '192.0.2.1');
  log.note('unread', undefined);
  log.note('idle', '192.0.2.1');
  now = 59_999;
  log.note('malformed', '192.0.2.2');
  now = 60_000;
  log.note('malformed', '192.0.2.3');
  now = 120_000;
  log.note('malformed', '192.0.2.4');
  const malformed = 'is closed: what it says is no request of this protocol';
  expect(lines).toEqual([
    `the client 192.0.2.1 ${malformed}`,
    'a client of a unix socket is closed: it does not read its answers',
    `the client 192.0.2.3 ${malformed} (and 5 others since the last such line)`,
    `the client 192.0.2.4 ${malformed}`,
  ]);
});
