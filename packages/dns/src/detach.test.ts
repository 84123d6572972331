import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { detachName, detachRecords, detachRRset } from './detach.ts';
import { RRType } from './iana/rr-type.ts';
import { makeQuery, responseTo } from './message-build.ts';
import { decodeMessage } from './message-decode.ts';
import { encodeMessage } from './message-encode.ts';
import { Name } from './name.ts';
import { parseZoneFile } from './presentation/zone-file.ts';
import { groupRRsets } from './rrset.ts';

/** A response as from a signed zone: the records that are wanted, and a kilobyte of others. */
function response(id: number) {
  const owner = Name.fromText(`_25._tcp.mx${id}.example.org`);
  const query = makeQuery(owner, RRType.TLSA);
  const answers = parseZoneFile(`@ 300 TLSA 3 1 1 ${'ab'.repeat(32)}\n@ 300 TLSA 2 1 1 ${'cd'.repeat(32)}`, {
    origin: owner,
  });
  const authorities = parseZoneFile(`@ 300 TXT ${`"${'x'.repeat(250)}" `.repeat(4)}`, { origin: owner });
  // Storage of its own, as a socket gives it.
  return decodeMessage(encodeMessage(responseTo(query, { answers, authorities })).slice());
}

describe('detach', () => {
  it('says the same, in one piece of exactly the right size', () => {
    const { answers } = response(1);
    const [set] = groupRRsets(answers);
    const octets = set!.name.wire.length + 2 * 35;

    const detached = detachRRset(set!);
    expect(detached).toEqual(set);
    const views = [detached.name.wire, ...detached.rdatas];
    expect(new Set(views.map((view) => view.buffer)).size).toBe(1);
    expect(views[0]!.buffer.byteLength).toBe(octets);

    const records = detachRecords(answers);
    expect(records).toEqual(answers);
    expect(records[0]!.rdata.buffer.byteLength).toBe(octets);
    expect(records[0]!.name).toBe(records[1]!.name);

    const name = detachName(set!.name);
    expect(name.equals(set!.name)).toBe(true);
    expect(name.toString()).toBe(set!.name.toString());
    expect(name.wire.buffer.byteLength).toBe(name.wire.length);
  });

  it('is not touched when the packet is', () => {
    const octets = encodeMessage(responseTo(makeQuery(Name.fromText('a.example'), 1)));
    const { questions } = decodeMessage(octets);
    const name = detachName(questions[0]!.name);
    octets.fill(0x61, 13, 14);
    octets[13] = 0x7a;
    expect(questions[0]!.name.wire[1]).toBe(0x7a);
    expect(name.toString()).toBe('a.example.');
  });

  it('takes the root and empty sets', () => {
    expect(detachName(Name.root)).toBe(Name.root);
    const set = { name: Name.root, type: 2, class: 1, ttl: 1, rdatas: [] };
    expect(detachRRset(set)).toEqual(set);
    expect(detachRecords([])).toEqual([]);
  });

  /** Octets of packets that 2000 stored sets keep alive. */
  function held(store: (id: number) => unknown): number {
    setFlagsFromString('--expose-gc');
    const gc: unknown = runInNewContext('gc');
    if (typeof gc !== 'function') throw new Error('this V8 cannot be told to collect');
    // Storage is freed behind the back of the collection that found it unused: the next one waits for that.
    const collect = () => [gc(), gc()];
    const stored: unknown[] = [];
    collect();
    const before = process.memoryUsage();
    for (let id = 0; id < 2000; id++) stored.push(store(id));
    collect();
    const after = process.memoryUsage();
    expect(stored.length).toBe(2000);
    return (after.arrayBuffers - before.arrayBuffers) / 2000;
  }

  it('lets go of the packet: 2000 sets hold their own octets and no more', () => {
    const whole = held((id) => groupRRsets(response(id).answers)[0]);
    const alone = held((id) => detachRRset(groupRRsets(response(id).answers)[0]!));
    // What is measured is real: without it, each set holds a packet of 1200 octets.
    expect(whole).toBeGreaterThan(1100);
    expect(alone).toBeLessThan(150);
  });
});
