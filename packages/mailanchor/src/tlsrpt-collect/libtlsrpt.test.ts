import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSplitter } from './json-splitter.ts';
import { readDatagram } from './libtlsrpt.ts';

const AT = Date.UTC(2026, 10, 25);
/** As the library writes them, with the spaces that it puts. */
const SUCCESS =
  '{"d": "example.org","pr": "v=TLSRPTv1; rua=mailto:r@example.org","policies":[{"policy-type":1,"policy-domain": "mx.example.org","policy-string":["3 1 1 ab"],"t":0,"f":0}]}';
const FAILURE =
  '{"d": "example.org","pr": "v=TLSRPTv1; rua=mailto:r@example.org","policies":[{"policy-type":2,"policy-domain": "example.org","policy-string":["version: STSv1","mode: enforce"],"mx-host":["*.example.org"],"failure-details":[{"c":202,"s": "192.0.2.9","n": "mx.example.org","h": "250-mx.example.org Hello\\r\\n250 STARTTLS","r": "192.0.2.1","f": "why"}],"t":1,"f":1}]}';

describe('a datagram', () => {
  test('of a success', () => {
    expect(readDatagram(SUCCESS, AT)).toEqual([
      {
        at: AT,
        domain: 'example.org',
        policy: { type: 'tlsa', domain: 'mx.example.org', strings: ['3 1 1 ab'], mxHosts: [] },
        failure: null,
      },
    ]);
  });
  test('of a failure', () => {
    expect(readDatagram(FAILURE, AT)).toEqual([
      {
        at: AT,
        domain: 'example.org',
        policy: {
          type: 'sts',
          domain: 'example.org',
          strings: ['version: STSv1', 'mode: enforce'],
          mxHosts: ['*.example.org'],
        },
        failure: {
          resultType: 'certificate-host-mismatch',
          sendingMtaIp: '192.0.2.9',
          receivingMxHostname: 'mx.example.org',
          receivingMxHelo: 'mx.example.org',
          receivingIp: '192.0.2.1',
          reasonCode: 'why',
        },
      },
    ]);
  });
  test.each([
    [201, 'starttls-not-supported'],
    [204, 'certificate-expired'],
    [301, 'sts-policy-fetch-error'],
    [304, 'tlsa-invalid'],
    [306, 'dane-required'],
  ])('failure %i is %s', (code, type) => {
    expect(readDatagram(FAILURE.replace('"c":202', `"c":${code}`), AT)?.[0]?.failure?.resultType).toBe(type);
  });
  test('no policy, and no domain of one', () => {
    const text = '{"d": "example.org","pr": "x","policies":[{"policy-type":9,"t":0,"f":0}]}';
    expect(readDatagram(text, AT)?.[0]?.policy).toEqual({
      type: 'no-policy-found',
      domain: 'example.org',
      strings: [],
      mxHosts: [],
    });
  });
  test.each([
    ['no JSON', '{"d":'],
    ['no policies', '{"d": "example.org","pr": "x"}'],
    ['none of them', '{"d": "example.org","policies":[]}'],
    ['no domain', SUCCESS.replace('example.org', 'example org')],
    ['a type that does not exist', SUCCESS.replace('"policy-type":1', '"policy-type":3')],
    ['a failure that does not exist', FAILURE.replace('"c":202', '"c":999')],
    ['a policy that is none', '{"d": "example.org","policies":[null]}'],
  ])('refused: %s', (_, text) => {
    expect(readDatagram(text, AT)).toBeUndefined();
  });
});

describe('out of a stream', () => {
  const split = (chunks: readonly (string | Uint8Array)[], max?: number) => {
    const splitter = new JsonSplitter(max);
    const objects = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk)));
    return { objects, strayed: splitter.strayed };
  };
  test.each<[string[], string[], number]>([
    [['{"a":1}{"b":2}'], ['{"a":1}', '{"b":2}'], 0],
    [['{"a":"}{"}', '{"b":{}}'], ['{"a":"}{"}', '{"b":{}}'], 0],
    [['{"a":"\\"}', '"}x{}'], ['{"a":"\\"}"}', '{}'], 1],
    [['\n{}\n', '"{}'], ['{}', '{}'], 3],
  ])('%j', (chunks, objects, strayed) => {
    expect(split(chunks)).toEqual({ objects, strayed });
  });
  test('one that is too long is forgotten, and those after it are read', () => {
    expect(split(['{"a":"', 'x'.repeat(100), '"}', '{"b":1}'], 20).objects).toContain('{"b":1}');
  });
  test('however it is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.object(), { maxLength: 5 }), fc.array(fc.nat(500)), (values, cuts) => {
        const texts = values.map((value) => JSON.stringify(value));
        const octets = Buffer.from(texts.join(''));
        const places = [
          0,
          ...cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b),
          octets.length,
        ];
        expect(split(places.slice(1).map((end, i) => octets.subarray(places[i]!, end)))).toEqual({
          objects: texts,
          strayed: 0,
        });
      }),
    );
  });
});
