/** What is read back from the file: it was written by us, perhaps by an earlier version. */
import { z } from 'zod';
import type { Alert } from './alert.ts';
import type { ProblemState, Seen } from './problem.ts';

const severity = z.enum(['error', 'warning', 'notice', 'info']);

export const alertSchema: z.ZodType<Alert> = z.object({
  id: z.string(),
  episode: z.string(),
  kind: z.enum(['raised', 'worse', 'reminder', 'resolved', 'test']),
  target: z.string(),
  severity,
  code: z.string(),
  subject: z.string(),
  text: z.string(),
  effect: z.string(),
  fix: z.string().exactOptional(),
  since: z.string(),
  at: z.string(),
  flapping: z.boolean(),
});

const seen: z.ZodType<Seen> = z.object({
  severity,
  code: z.string(),
  subject: z.string(),
  text: z.string(),
  effect: z.string(),
  fix: z.string().exactOptional(),
});

export const problemSchema: z.ZodType<ProblemState> = z.object({
  seen,
  confirmed: z.boolean(),
  streak: z.number(),
  streakSince: z.number(),
  since: z.number(),
  believed: severity.nullable(),
  toldAt: z.number(),
  raises: z.array(z.number()),
  flapping: z.boolean(),
  episode: z.number(),
});

/** A finding as a span keeps it. */
export const keptFindings = z.array(
  z.object({
    code: z.string(),
    severity,
    subject: z.string(),
    text: z.string(),
    fix: z.string().exactOptional(),
  }),
);
export type KeptFinding = z.infer<typeof keptFindings>[number];
