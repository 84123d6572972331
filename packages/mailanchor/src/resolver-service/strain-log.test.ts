import { expect, test } from 'vitest';
import { StrainLog } from './strain-log.ts';

test('what has grown by more than a few is told, once', () => {
  const told: unknown[] = [];
  const log = {
    event: () => {},
    problem: (event: string, text: string, fields: unknown) => void told.push([event, text, fields]),
  };
  let counts = { 'packets thrown away': 5, 'connections refused': 0 };
  const strain = new StrainLog(log, () => counts);
  strain.look();
  counts = { 'packets thrown away': 14, 'connections refused': 10 };
  strain.look();
  strain.look();
  counts = { 'packets thrown away': 1014, 'connections refused': 30 };
  strain.look();
  strain.close();
  const text = 'clients ask too much, or what is no question: ';
  expect(told).toEqual([
    ['strain', `${text}connections refused: 10`, { 'connections-refused': 10 }],
    [
      'strain',
      `${text}packets thrown away: 1000, connections refused: 20`,
      { 'packets-thrown-away': 1000, 'connections-refused': 20 },
    ],
  ]);
});
