/** What somebody else is to do, where a step is not ours: with the files that it is about. */
import type { RollStep } from '@mailanchor/dane';
import type { HostLook } from './look.ts';
import type { HostSettings } from './settings.ts';

/** A line each; undefined where there is nothing to say. */
export function hintOf(step: RollStep, host: HostSettings, look: HostLook): string[] | undefined {
  if (step.kind !== 'issue' && step.kind !== 'deploy') return undefined;
  const material = look.materials.find(({ label }) => label === step.label);
  if (!material || step.by !== 'external') return undefined;
  const { certificate, key } = material.settings;
  if (step.kind === 'deploy')
    return [`${certificate.path} and ${key.path} may go to the mail server now: copy them, reload it`];
  if (!material.next) return undefined;
  return [
    `the next key is ${material.next.path}. A request for it:`,
    `openssl req -new -key ${material.next.path} -subj /CN=${host.name} -addext subjectAltName=DNS:${host.name}`,
    `the certificate and this key then belong in ${certificate.path} and ${key.path}`,
  ];
}
