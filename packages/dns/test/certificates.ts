/** The certificates in `fixtures`: see the README there. */
import { readFileSync } from 'node:fs';

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'latin1');

export const TEST_CA = fixture('ca.pem');

/** `dns`: for `dns.example`, 127.0.0.1 and ::1. `other`: for `other.example`. */
export function testCredentials(name: 'dns' | 'other'): { readonly key: string; readonly cert: string } {
  return { key: fixture(`${name}.key.pem`), cert: fixture(`${name}.pem`) };
}
