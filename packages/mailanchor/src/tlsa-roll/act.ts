/**
 * Takes one step. What a killed run must be remembered by is on the disk before anything is done, so that the next run takes what may have
 * happened for possible, and looks.
 */
import {
  attemptKey,
  deployKey,
  type HostMemory,
  keyDigest,
  type RecordChange,
  type RollStep,
  rememberAttempt,
  rememberBegun,
  rememberDone,
  tlsaToText,
} from '@mailanchor/dane';
import { messageOf } from '../errors.ts';
import type { Publisher, TlsaChange } from '../tlsa-publish/publisher.ts';
import { commandText, resultText, runCommand } from '../tlsa-publish/run-command.ts';
import { deployFiles } from './deploy-files.ts';
import type { Tell } from './events.ts';
import { hintOf } from './hint.ts';
import type { HostLook, Material } from './look.ts';
import { makeNextKey, sameKind } from './next-key.ts';
import type { HostSettings } from './settings.ts';
import { stepText } from './words.ts';

export interface ActOptions {
  readonly host: HostSettings;
  readonly folder: string;
  readonly look: HostLook;
  readonly publisher: Publisher | undefined;
  readonly tell: Tell;
  readonly save: (memory: HostMemory) => Promise<void>;
  readonly clock: () => number;
  readonly signal: AbortSignal;
  /** Milliseconds for a command that deploys or issues; default two minutes. */
  readonly commandMs?: number;
}

export type ActOutcome = 'done' | 'failed' | 'unknown' | 'left-to-others';

export interface Acted {
  readonly memory: HostMemory;
  readonly outcome: ActOutcome;
}

const COMMAND_MS = 120_000;

/** Rejects where the state cannot be written, and where `signal` aborts. */
export async function act(step: RollStep, memory: HostMemory, options: ActOptions): Promise<Acted> {
  switch (step.kind) {
    case 'none':
    case 'wait':
      return { memory, outcome: 'done' };
    case 'publish':
    case 'remove':
      return change(step, step.change, memory, options);
    case 'make-key':
      return makeKey(step, memory, options);
    case 'issue':
      return issue(step, memory, options);
    case 'deploy':
      return deploy(step, memory, options);
  }
}

/** The change as publishers take it. Undefined where the zone is not known. */
export function tlsaChange(
  { owner, expected, add, remove }: RecordChange,
  { look, host }: Pick<ActOptions, 'look' | 'host'>,
): TlsaChange | undefined {
  const place = look.places.find(({ sight }) => sight.owner === owner);
  if (!place?.zone) return undefined;
  return { zone: place.zone, owner: place.owner, ttl: host.ttl, expected, add, remove };
}

async function change(
  step: RollStep,
  made: RecordChange,
  memory: HostMemory,
  options: ActOptions,
): Promise<Acted> {
  const { publisher, host, tell, save, clock, signal } = options;
  const tlsa = tlsaChange(made, options);
  if (!publisher) {
    const lines = [
      ...made.add.map((record) => `add ${made.owner}. ${host.ttl} IN TLSA ${tlsaToText(record)}`),
      ...made.remove.map((record) => `remove ${made.owner}. IN TLSA ${tlsaToText(record)}`),
    ];
    tell(host.name, {
      event: 'end',
      step,
      outcome: 'left-to-others',
      text: `no publisher is configured for it: ${lines.join('; ')}`,
    });
    return { memory, outcome: 'left-to-others' };
  }
  if (!tlsa)
    return ended(step, memory, options, {
      key: attemptKey(step),
      outcome: 'failed',
      text: 'its zone is not known',
    });
  const begun = rememberBegun(memory, made, clock());
  await save(begun);
  tell(host.name, { event: 'begin', step, text: `by ${publisher.name}` });
  const outcome = await publisher.publish(tlsa, signal);
  const key = attemptKey(step);
  switch (outcome.kind) {
    case 'done':
    case 'unchanged': {
      const done = rememberDone(begun, made, clock());
      const text = outcome.kind === 'unchanged' ? 'it was so already' : '';
      return ended(step, done, options, { key, outcome: 'done', text });
    }
    case 'conflict':
    case 'refused':
      return ended(step, memory, options, {
        key,
        outcome: 'failed',
        text: `${outcome.kind}: ${outcome.text}`,
      });
    case 'failed':
      return ended(step, begun, options, { key, outcome: 'unknown', text: outcome.text });
  }
}

async function makeKey(
  step: RollStep & { readonly kind: 'make-key' },
  memory: HostMemory,
  options: ActOptions,
): Promise<Acted> {
  const { folder, look, tell, host } = options;
  tell(host.name, { event: 'begin', step, text: '' });
  const material = materialOf(look, step.label);
  const key = attemptKey(step);
  if (material.files.kind !== 'pair')
    return ended(step, memory, options, { key, outcome: 'failed', text: 'no pair' });
  try {
    const kind = material.settings.nextKey ?? sameKind(material.files.privateKey);
    const { path } = await makeNextKey(folder, step.label, kind);
    return await ended(step, memory, options, { key, outcome: 'done', text: path });
  } catch (error) {
    return ended(step, memory, options, { key, outcome: 'failed', text: messageOf(error) });
  }
}

async function issue(
  step: RollStep & { readonly kind: 'issue' },
  memory: HostMemory,
  options: ActOptions,
): Promise<Acted> {
  const { host, look } = options;
  const { next, settings } = materialOf(look, step.label);
  if (!host.issue || !next) return leftToOthers(step, memory, options);
  const key = attemptKey(step, keyDigest(next.spki).slice(0, 16));
  return command(step, key, host.issue, memory, options, {
    MAILANCHOR_KEY: next.path,
    MAILANCHOR_LIVE_CERT: settings.certificate.path,
    MAILANCHOR_LIVE_KEY: settings.key.path,
  });
}

async function deploy(
  step: RollStep & { readonly kind: 'deploy' },
  memory: HostMemory,
  options: ActOptions,
): Promise<Acted> {
  const { host, folder, look } = options;
  const { files } = materialOf(look, step.label);
  if (!host.deploy || files.kind !== 'pair') return leftToOthers(step, memory, options);
  const identity = look.view.identities.find(({ label }) => label === step.label);
  const key = identity ? deployKey(step, identity) : attemptKey(step);
  const paths = await deployFiles(folder, step.label, files.octets);
  return command(step, key, host.deploy, memory, options, {
    MAILANCHOR_CERT: paths.certificate,
    MAILANCHOR_KEY: paths.key,
  });
}

async function command(
  step: RollStep & { readonly label: string },
  key: string | null,
  words: readonly string[],
  memory: HostMemory,
  options: ActOptions,
  environment: Readonly<Record<string, string>>,
): Promise<Acted> {
  const { host, tell, commandMs = COMMAND_MS } = options;
  tell(host.name, { event: 'begin', step, text: commandText(words) });
  const result = await runCommand(words, {
    timeoutMs: commandMs,
    // Half a deployment, a certificate without its key, is worse than a late one: it is let end, also where we are stopped.
    signal: new AbortController().signal,
    environment: { ...environment, MAILANCHOR_HOST: host.name, MAILANCHOR_LABEL: step.label },
  });
  const done = result.kind === 'ended' && result.status === 0;
  const text = done ? '' : `${commandText(words)}: ${resultText(result)}`;
  return ended(step, memory, options, { key, outcome: done ? 'done' : 'failed', text });
}

async function ended(
  step: RollStep,
  memory: HostMemory,
  { host, tell, save, clock }: ActOptions,
  {
    key,
    outcome,
    text,
  }: { readonly key: string | null; readonly outcome: ActOutcome; readonly text: string },
): Promise<Acted> {
  const at = clock();
  const next =
    key === null
      ? memory
      : rememberAttempt(memory, {
          key,
          at,
          outcome: outcome === 'done' ? 'done' : 'failed',
          ...(text !== '' && { text }),
        });
  await save(next);
  tell(host.name, { event: 'end', step, outcome, text });
  return { memory: next, outcome };
}

function leftToOthers(step: RollStep, memory: HostMemory, { host, look, tell }: ActOptions): Acted {
  const text = hintOf(step, host, look)?.join('; ') ?? stepText(step);
  tell(host.name, { event: 'end', step, outcome: 'left-to-others', text });
  return { memory, outcome: 'left-to-others' };
}

function materialOf(look: HostLook, label: string): Material {
  const found = look.materials.find((material) => material.label === label);
  if (!found) throw new Error(`no pair ${label}`);
  return found;
}
