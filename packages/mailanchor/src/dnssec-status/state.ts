/** The states that a zone can be in, the gravest first. Names are stable: scripts and results go by them. */
import { ExitCode } from '../exit-code.ts';
import type { Tone } from '../terminal/paint.ts';

interface Entry {
  readonly tone: Tone;
  readonly exit: number;
  /** For the overview: what such zones have in common. */
  readonly means: string;
}

export const ZONE_STATES = {
  bogus: { tone: 'bad', exit: ExitCode.failed, means: 'validating resolvers refuse all of it' },
  'ds-without-key': {
    tone: 'bad',
    exit: ExitCode.failed,
    means: 'the parent has DS records, and none of them is of a key of the zone',
  },
  expired: { tone: 'bad', exit: ExitCode.failed, means: 'signatures have expired, at one server at least' },
  failing: { tone: 'bad', exit: ExitCode.failed, means: 'delegated to servers that do not serve it' },
  expiring: { tone: 'warn', exit: ExitCode.partial, means: 'signatures end soon unless they are renewed' },
  'ds-change-refused': {
    tone: 'warn',
    exit: ExitCode.partial,
    means: 'asks for other DS records in a way that a parent must not follow',
  },
  'ds-removal-pending': {
    tone: 'warn',
    exit: ExitCode.partial,
    means: 'asks for its DS records to be removed, and the parent still has them',
  },
  'ds-change-pending': {
    tone: 'warn',
    exit: ExitCode.partial,
    means: 'asks for other DS records than the parent has',
  },
  weak: {
    tone: 'warn',
    exit: ExitCode.partial,
    means: 'rests on algorithms, digests or key sizes that are given up',
  },
  'no-ds': {
    tone: 'warn',
    exit: ExitCode.notApplicable,
    means: 'signed, and the parent has no DS record: the registrar needs one',
  },
  'parent-unsigned': {
    tone: 'warn',
    exit: ExitCode.notApplicable,
    means: 'signed, and no chain of trust leads to the zone above',
  },
  unsigned: { tone: 'plain', exit: ExitCode.notApplicable, means: 'not signed' },
  'not-a-zone': { tone: 'warn', exit: ExitCode.unknown, means: 'no zone begins at this name' },
  unknown: { tone: 'warn', exit: ExitCode.unknown, means: 'could not be found out from here' },
  secure: { tone: 'good', exit: ExitCode.ok, means: 'signed, and a chain of trust leads to it' },
} as const satisfies Readonly<Record<string, Entry>>;

export type ZoneState = keyof typeof ZONE_STATES;

export const STATE_NAMES = Object.keys(ZONE_STATES) as readonly ZoneState[];

/** Exit statuses, the worst first. */
const WORST = [ExitCode.failed, ExitCode.unknown, ExitCode.partial, ExitCode.notApplicable, ExitCode.ok];

/** The status of several zones: that of the worst. Of none it is that of nothing wrong. */
export function statusOfStates(states: Iterable<ZoneState>, badLines: number): number {
  const seen = new Set<number>([...states].map((state) => ZONE_STATES[state].exit));
  const worst = WORST.find((status) => seen.has(status)) ?? ExitCode.ok;
  return badLines > 0 && worst !== ExitCode.failed ? ExitCode.usage : worst;
}
