/**
 * What is kept of a host between runs, in a folder of its own: what was seen and done (`memory.json`), the keys made in advance, the pair
 * that is being deployed. All of it can be lost: the keys are made again, and what was seen is seen again, with the waits that belong to it.
 */
import { join } from 'node:path';
import { type Decision, type HostMemory, NO_MEMORY } from '@mailanchor/dane';
import { z } from 'zod';
import { readKept, replaceKept } from '../resolver-service/kept-file.ts';

/** Of the file's form. Another one is not read. */
const VERSION = 1;

/** What was decided last, for `tlsa status`. */
export interface LastDecision {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly state: string;
  readonly step: string;
  readonly why: string;
  readonly earliest: number | null;
}

export interface KeptState {
  readonly memory: HostMemory;
  readonly last: LastDecision | null;
}

const texts = z.array(z.string());
const memorySchema = z.strictObject({
  places: z.record(
    z.string(),
    z.strictObject({
      sets: z.array(
        z.strictObject({ records: texts.nullable(), ttl: z.number(), goneAt: z.number().nullable() }),
      ),
      underway: z.array(z.strictObject({ records: texts, since: z.number() })),
    }),
  ),
  ours: texts,
  settled: z.strictObject({ what: z.string(), since: z.number() }).nullable(),
  attempts: z.array(
    z
      .strictObject({
        key: z.string(),
        at: z.number(),
        outcome: z.enum(['done', 'failed']),
        text: z.string().optional(),
      })
      .transform(({ text, ...rest }) => (text === undefined ? rest : { ...rest, text })),
  ),
  replacing: z.record(z.string(), z.string()),
});
const fileSchema = z.strictObject({
  version: z.literal(VERSION),
  memory: memorySchema,
  last: z
    .strictObject({
      at: z.number(),
      state: z.string(),
      step: z.string(),
      why: z.string(),
      earliest: z.number().nullable(),
    })
    .nullable(),
});

/** The folder of a host below the one of all. A wildcard's star is no name for a folder. */
export function hostFolder(state: string, name: string): string {
  return join(state, name.replace(/^\*\./, 'wildcard.'));
}

export type ReadState = KeptState & {
  /** Why what is there was not used, where there is something. */
  readonly lost?: string;
};

export async function readState(folder: string): Promise<ReadState> {
  const path = join(folder, 'memory.json');
  const kept = await readKept(path);
  const nothing: KeptState = { memory: NO_MEMORY, last: null };
  if (kept.kind === 'none') return nothing;
  if (kept.kind === 'unusable') return { ...nothing, lost: kept.why };
  try {
    const parsed = fileSchema.safeParse(JSON.parse(Buffer.from(kept.octets).toString('utf8')));
    if (parsed.success) return { memory: parsed.data.memory, last: parsed.data.last };
  } catch {
    // No JSON: as any other damage.
  }
  return { ...nothing, lost: `${path} is damaged or of another version` };
}

/** On the disk when it resolves. */
export async function writeState(folder: string, { memory, last }: KeptState): Promise<void> {
  const text = `${JSON.stringify({ version: VERSION, memory, last }, null, 1)}\n`;
  await replaceKept(join(folder, 'memory.json'), Buffer.from(text));
}

export function lastOf({ state, step, why }: Decision, at: number): LastDecision {
  const earliest = step.kind === 'wait' ? step.until : step.kind === 'none' ? null : at;
  return { at, state, step: step.kind, why, earliest };
}
