/** The lab, and files, for tests of `mailanchor resolver` as a process. Imported once by each test file. */
import { writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { decodeMessage, type Message, Name } from '@mailanchor/dns';
import { createLabNetwork, type Lab, SERVERS, startLab } from '@mailanchor/lab';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type LabFolder, writeLabFolder } from '../src/lab/folder.ts';
import { temporaryFolder } from './program.ts';
import { type ResolverProcess, startResolver, stopAll } from './resolver-process.ts';

export class Stage {
  lab!: Lab;
  folder!: LabFolder;
  readonly scratch = temporaryFolder();

  /** The lab is up before the first test, whole again after each, and gone after the last; so are the resolvers. */
  constructor() {
    beforeAll(async () => {
      this.lab = await startLab();
      this.folder = await writeLabFolder(this.lab, undefined);
    });
    afterEach(() => this.heal());
    afterAll(async () => {
      await stopAll();
      this.scratch.done();
      await this.folder?.remove();
      await this.lab?.close();
    });
  }

  get configured(): readonly string[] {
    return ['--config', this.folder.config];
  }

  start(...args: string[]): Promise<ResolverProcess> {
    return startResolver([...this.configured, ...args]);
  }

  /** The name servers of the destinations fall silent; those of root and top-level domains go on. */
  silence(below?: string): void {
    for (const address of SERVERS.operators) {
      const fault = { kind: 'silent', ...(below && { below: Name.fromText(below) }) } as const;
      this.lab.network.server(address).faults = [fault];
    }
  }

  heal(): void {
    for (const address of SERVERS.operators) this.lab.network.server(address).faults = [];
  }

  /** A path in a folder that is gone afterwards. */
  path(name: string): string {
    return join(this.scratch.path, name);
  }

  file(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }
}

/** Of another lab: the same format, other keys. */
export async function otherAnchor(): Promise<string> {
  return (await createLabNetwork({ only: [] })).trustAnchor;
}

/** A message as a stream carries it. */
export function frame(octets: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(octets.length >> 8, octets.length & 0xff), octets]);
}

/** So many messages of a stream, which is then at its end. */
export async function readFrames(stream: Socket, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    rest = Buffer.concat([rest, chunk as Buffer]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      messages.push(decodeMessage(rest.subarray(2, 2 + rest.readUInt16BE(0))));
      rest = rest.subarray(2 + rest.readUInt16BE(0));
    }
    if (messages.length >= count) break;
  }
  return messages;
}
