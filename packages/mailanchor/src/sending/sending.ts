/** `check --sending`: whether this machine's own mail server is set up to do DANE when it sends. It reads and asks, and changes nothing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTarget } from '@mailanchor/smtp';
import { renderFindings } from '../check/render-findings.ts';
import type { Context, Voice } from '../context.ts';
import { fileProblem, messageOf, UsageError } from '../errors.ts';
import { ExitCode } from '../exit-code.ts';
import { openLookup } from '../lookup.ts';
import { readCommon } from '../options/common.ts';
import { chrootedClients, chrootFindings } from './chroot.ts';
import { incomplete, type SendingFinding, sendingFinding } from './finding-table.ts';
import { lookAtNetwork, type NetworkResult } from './network.ts';
import { parsePostconf, postfixFindings } from './postfix.ts';
import { parseResolvConf, type ResolvConf, resolvConfFindings } from './resolv-conf.ts';
import { readSendingSettings } from './settings.ts';
import { PostconfError, type SendingSystem, THIS_SYSTEM } from './system.ts';

/**
 * Exit 0 where nothing is in the way of DANE, 1 where something is (severity error), 5 where Postfix is there and does not say. `targets`: mail domains at whose hosts connections are
 * tried; none: no connection is.
 */
export async function runSending(
  targets: readonly string[],
  options: Record<string, unknown>,
  context: Context,
  system: SendingSystem = THIS_SYSTEM,
): Promise<number> {
  for (const target of targets) checkTarget(target);
  const { sources, voice } = await readCommon(context, options, 'check');
  const settings = readSendingSettings(sources);
  const { resolvConf } = settings;
  let text: string;
  try {
    text = await readFile(resolvConf, 'utf8');
  } catch (error) {
    throw new UsageError(`--sending: ${resolvConf}: ${fileProblem(error)}`, { cause: error });
  }
  const conf = parseResolvConf(text);
  const postfix = await lookAtPostfix(system, conf);
  const lookup = await openLookup(settings.lookup);
  let network: NetworkResult;
  try {
    voice.progress.show('asking the resolvers of this machine');
    network = await lookAtNetwork(conf.nameservers, targets, settings, lookup, context.signal);
  } finally {
    voice.progress.end();
    await lookup.close();
  }
  const findings = [...resolvConfFindings(conf, resolvConf), ...(postfix ?? []), ...network.findings];
  const seen = [
    resolvConf,
    `${conf.nameservers.length === 1 ? 'the resolver' : 'the resolvers'} ${conf.nameservers.join(', ')}`,
    network.clock,
    postfix === undefined ? 'no Postfix here' : 'Postfix',
    ...(targets.length > 0 ? [`port ${settings.port} of mail hosts`] : []),
  ];
  tell(voice, seen, network, findings);
  if (findings.some(({ severity }) => severity === 'error')) return ExitCode.failed;
  return findings.some(({ code }) => code === 'postfix-unreadable') ? ExitCode.unknown : ExitCode.ok;
}

function tell(
  voice: Voice,
  seen: readonly string[],
  { resolvers, connections }: NetworkResult,
  findings: readonly SendingFinding[],
): void {
  if (voice.json) {
    const asked = resolvers.map(({ signatures: _, ...probe }) => probe);
    voice.printJson({ sending: { seen, resolvers: asked, connections, findings } });
    return;
  }
  const { paint, columns } = voice;
  const lines = renderFindings(findings, { paint, columns, verbose: false });
  voice.print([
    `Looked at: ${seen.join(', ')}`,
    ...(lines.length > 0 ? lines : ['Nothing is in the way of DANE there.']),
  ]);
}

/** Undefined where there is no Postfix. */
async function lookAtPostfix(
  system: SendingSystem,
  conf: ResolvConf,
): Promise<readonly SendingFinding[] | undefined> {
  let text: string | undefined;
  try {
    text = await system.postconf();
  } catch (error) {
    if (!(error instanceof PostconfError)) throw error;
    return [
      sendingFinding('postfix-unreadable', 'Postfix', `postconf fails: ${error.message}`, {
        fix: 'Run it as a user who may read main.cf, or mend what it complains of:\npostconf -n',
      }),
    ];
  }
  if (text === undefined) return undefined;
  const settings = parsePostconf(text);
  return [...postfixFindings(settings), ...(await lookAtChroot(system, settings, conf))];
}

async function lookAtChroot(
  system: SendingSystem,
  settings: ReadonlyMap<string, string>,
  conf: ResolvConf,
): Promise<readonly SendingFinding[]> {
  const queue = settings.get('queue_directory');
  if (!queue) return [];
  let master: string;
  try {
    master = (await system.postconf('-M')) ?? '';
  } catch (error) {
    return [
      incomplete('Postfix', `Whether its smtp client is in a chroot was not seen: ${messageOf(error)}.`),
    ];
  }
  const path = join(queue, 'etc/resolv.conf');
  let inside: string | undefined;
  try {
    inside = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      return [incomplete(path, `Not readable: ${fileProblem(error)}.`)];
    }
  }
  return chrootFindings(chrootedClients(master, settings), path, inside, conf);
}

function checkTarget(text: string): void {
  let kind: string;
  try {
    ({ kind } = parseTarget(text));
  } catch (error) {
    throw new UsageError(messageOf(error), { cause: error });
  }
  if (kind !== 'mail-domain' && kind !== 'address-literal') {
    throw new UsageError(`check: --sending takes mail domains, and ${text} is none`);
  }
}
