import { expect, test } from 'vitest';
import { defaultResolver } from './default-resolver.ts';

test('one for the whole process', () => {
  expect(defaultResolver()).toBe(defaultResolver());
});
