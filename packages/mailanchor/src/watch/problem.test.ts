import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isUnsettled,
  type Look,
  type ProblemPolicy,
  type ProblemState,
  type Seen,
  type Step,
  step,
} from './problem.ts';

const MINUTE = 60_000;
const POLICY: ProblemPolicy = {
  confirmAfter: 2,
  resolveAfter: 2,
  flapLimit: 3,
  flapWindowMs: 360 * MINUTE,
  calmMs: 60 * MINUTE,
  remindMs: undefined,
  mayTell: () => true,
};
const seen = (severity: Seen['severity'] = 'error'): Seen => ({
  severity,
  code: 'tlsa-mismatch',
  subject: 'mx.example.org',
  text: 'No record matches.',
  effect: 'Mail is deferred.',
});

/** P, E, W: present (error, warning); A absent, B blind, T tick; one a minute. */
function look(letter: string): Look {
  if (letter === 'P' || letter === 'E') return { kind: 'present', seen: seen() };
  if (letter === 'W') return { kind: 'present', seen: seen('warning') };
  return { kind: letter === 'A' ? 'absent' : letter === 'B' ? 'blind' : 'tick' };
}

/** What was told at which minute: `1 raised error`. */
function told(letters: string, policy: Partial<ProblemPolicy> = {}): string[] {
  let state: ProblemState | undefined;
  return [...letters].flatMap((letter, i) => {
    const result = step(state, look(letter), i * MINUTE, { ...POLICY, ...policy });
    state = result.state;
    return result.messages.map(
      ({ kind, severity, flapping }) => `${i} ${kind} ${severity}${flapping ? ' flapping' : ''}`,
    );
  });
}

describe('told once, and once again when resolved', () => {
  test.each<[string, string, string[]]>([
    ['seen once', 'PA', []],
    ['seen twice', 'PP', ['1 raised error']],
    ['seen for long', 'PPPPPPPP', ['1 raised error']],
    ['not in a row', 'PAPAPAPAPA', []],
    ['gone once', 'PPAP', ['1 raised error']],
    ['gone twice', 'PPAA', ['1 raised error', '3 resolved error']],
    ['gone for long', 'PPAAAAAA', ['1 raised error', '3 resolved error']],
    ['there again', 'PPAAPP', ['1 raised error', '3 resolved error', '5 raised error']],
    ['a look that could not see counts neither way', 'PBPABA', ['2 raised error', '5 resolved error']],
    ['nobody can tell for long', 'PPBBBBBBBB', ['1 raised error']],
    ['worse', 'WWEE', ['1 raised warning', '2 worse error']],
    ['better is not told', 'EEWWAA', ['1 raised error', '5 resolved error']],
    [
      'worse, then better, then gone: all who were told are told',
      'WWEWAA',
      ['1 raised warning', '2 worse error', '5 resolved error'],
    ],
    ['worse before it is confirmed', 'WEAA', ['1 raised error', '3 resolved error']],
    ['never seen', 'AATTB', []],
  ])('%s: %s', (_, letters, expected) => {
    expect(told(letters)).toEqual(expected);
  });

  test('as often as the policy wants it', () => {
    expect(told('PPPAAAA', { confirmAfter: 3, resolveAfter: 4 })).toEqual([
      '2 raised error',
      '6 resolved error',
    ]);
    expect(told('PA', { confirmAfter: 1, resolveAfter: 1 })).toEqual(['0 raised error', '1 resolved error']);
  });

  test('since when: the first look that saw it', () => {
    let state: ProblemState | undefined;
    for (const [i, letter] of [...'PAPP'].entries())
      state = step(state, look(letter), i * MINUTE, POLICY).state;
    expect(state).toMatchObject({ confirmed: true, since: 2 * MINUTE });
  });

  test('a further look is wanted while something is not settled', () => {
    const after = (letters: string) => {
      let state: ProblemState | undefined;
      for (const [i, letter] of [...letters].entries())
        state = step(state, look(letter), i * MINUTE, POLICY).state;
      return state ? isUnsettled(state) : false;
    };
    expect([after('P'), after('PP'), after('PPA'), after('PPAA'), after('PA')]).toEqual([
      true,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe('reminders', () => {
  test('while it is there, at the distance that is wanted', () => {
    expect(told('PPPPPPPPPAATTTTTTT', { remindMs: 3 * MINUTE })).toEqual([
      '1 raised error',
      '4 reminder error',
      '7 reminder error',
      '10 resolved error',
    ]);
  });
});

describe('comes and goes', () => {
  const cycle = 'PPAA'.repeat(2);
  test('the third time it says so, and is not resolved before it has been calm', () => {
    expect(told(`${cycle}PP${'AAPP'.repeat(10)}${'A'.repeat(61)}A`)).toEqual([
      '1 raised error',
      '3 resolved error',
      '5 raised error',
      '7 resolved error',
      '9 raised error flapping',
      '110 resolved error',
    ]);
  });

  test('what is seldom does not flap', () => {
    const seldom = `PPAA${'A'.repeat(200)}`.repeat(4);
    expect(told(seldom).filter((line) => line.includes('flapping'))).toEqual([]);
  });
});

describe('quiet hours', () => {
  /** Minutes 0 to 9 are quiet for all but errors. */
  const quiet = { mayTell: (severity: string, now: number) => severity === 'error' || now >= 10 * MINUTE };

  test.each<[string, string, string[]]>([
    ['grave: at once', 'EE', ['1 raised error']],
    ['held until morning, if it is still there', 'WWWWTTTTTTT', ['10 raised warning']],
    ['over before morning: nobody is told', 'WWWAATTTTTTT', []],
    ['over, and there again', 'WWAAWWTTTTTT', ['10 raised warning']],
    ['grave at last', 'WWWEETTTTTTTT', ['3 raised error']],
  ])('%s: %s', (_, letters, expected) => {
    expect(told(letters, quiet)).toEqual(expected);
  });

  test('the end of what was told is held too; there again before it could be told, nothing was', () => {
    const evening = { mayTell: (_: string, now: number) => now < 2 * MINUTE || now >= 10 * MINUTE };
    expect(told('WWAATTTTTTT', evening)).toEqual(['1 raised warning', '10 resolved warning']);
    expect(told('WWAAWWTTTTTAA', evening)).toEqual(['1 raised warning', '12 resolved warning']);
  });
});

describe('whatever happens', () => {
  const letters = fc.array(fc.constantFrom('E', 'W', 'A', 'A', 'B', 'T'), { maxLength: 300 });
  const policies = fc.record({
    confirmAfter: fc.integer({ min: 1, max: 4 }),
    resolveAfter: fc.integer({ min: 1, max: 4 }),
    flapLimit: fc.integer({ min: 2, max: 4 }),
    quietFrom: fc.integer({ min: 0, max: 60 }),
    quietLength: fc.integer({ min: 0, max: 60 }),
  });
  type Drawn = typeof policies extends fc.Arbitrary<infer T> ? T : never;
  const policyOf = ({ quietFrom, quietLength, ...rest }: Drawn): ProblemPolicy => ({
    ...POLICY,
    ...rest,
    mayTell: (severity, now) => {
      const minute = (now / MINUTE) % 120;
      return severity === 'error' || minute < quietFrom || minute >= quietFrom + quietLength;
    },
  });
  const run = (sequence: readonly string[], policy: ProblemPolicy, calm = 0): Step[] => {
    let state: ProblemState | undefined;
    return [...sequence, ...Array.from({ length: calm }, () => 'A')].map((letter, i) => {
      const result = step(state, look(letter), i * MINUTE, policy);
      state = result.state;
      return result;
    });
  };

  test('raised and resolved take turns; worse and reminders only between them', () => {
    fc.assert(
      fc.property(letters, policies, (sequence, drawn) => {
        let open = false;
        for (const { kind } of run(sequence, policyOf(drawn)).flatMap(({ messages }) => messages)) {
          expect(open).toBe(kind !== 'raised');
          open = kind !== 'resolved';
        }
      }),
    );
  });

  test('what was told is told as resolved once it stays away, with the gravest severity that was told and the same episode', () => {
    fc.assert(
      fc.property(letters, policies, (sequence, drawn) => {
        const messages = run(sequence, policyOf(drawn), 500).flatMap((result) => result.messages);
        expect(messages.filter(({ kind }) => kind === 'raised').length).toBe(
          messages.filter(({ kind }) => kind === 'resolved').length,
        );
        let gravest = 'warning';
        let episode = -1;
        for (const { kind, severity, episode: of } of messages) {
          if (kind === 'raised') [gravest, episode] = [severity, of];
          else if (kind === 'worse') gravest = severity;
          expect(of).toBe(episode);
          if (kind === 'resolved') expect(severity).toBe(gravest);
        }
      }),
    );
  });

  test('in the end nothing is remembered', () => {
    fc.assert(
      fc.property(letters, policies, (sequence, drawn) => {
        expect(run(sequence, policyOf(drawn), 500).at(-1)?.state).toBeUndefined();
      }),
    );
  });

  test('in any window no more than the limit is raised, and as many resolved, and one that is worse for each', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('E', 'A'), { minLength: 100, maxLength: 700 }),
        policies,
        (sequence, drawn) => {
          const policy = policyOf({ ...drawn, quietLength: 0 });
          const raised = run(sequence, policy).flatMap(({ messages }, i) =>
            messages.some(({ kind }) => kind === 'raised') ? [i * MINUTE] : [],
          );
          // Beyond the limit each needs an hour of calm before it.
          for (const at of raised) {
            const within = raised.filter((other) => other >= at && other < at + POLICY.calmMs);
            expect(within.length).toBeLessThanOrEqual(drawn.flapLimit);
          }
        },
      ),
    );
  });

  test('what cannot be seen for ever is neither raised nor resolved', () => {
    fc.assert(
      fc.property(letters, policies, (sequence, drawn) => {
        const policy = policyOf({ ...drawn, quietLength: 0 });
        const before = run(sequence, policy).flatMap(({ messages }) => messages).length;
        const after = run([...sequence, ...'B'.repeat(50)], policy).flatMap(
          ({ messages }) => messages,
        ).length;
        expect(after).toBe(before);
      }),
    );
  });
});
