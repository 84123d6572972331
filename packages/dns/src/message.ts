/**
 * DNS messages (rfc1035#section-4) with EDNS (rfc6891). The shapes; the codec is in `message-decode.ts` and
 * `message-encode.ts`.
 */
import type { Name } from './name.ts';
import type { ResourceRecord } from './record.ts';

export interface Question {
  readonly name: Name;
  readonly type: number;
  readonly class: number;
}

/** One EDNS option, undecoded (rfc6891#section-6.1.2). */
export interface EdnsOption {
  readonly code: number;
  readonly data: Uint8Array;
}

export interface Edns {
  /** Octets of the largest UDP payload the sender takes. */
  readonly udpPayloadSize: number;
  readonly version: number;
  /** DNSSEC OK (rfc3225). */
  readonly do: boolean;
  readonly options: readonly EdnsOption[];
}

export interface Message {
  /** 0 to 65535. */
  readonly id: number;
  /** Response. */
  readonly qr: boolean;
  readonly opcode: number;
  readonly aa: boolean;
  readonly tc: boolean;
  readonly rd: boolean;
  readonly ra: boolean;
  readonly ad: boolean;
  readonly cd: boolean;
  /** Response code, the extended bits of OPT included: 0 to 4095. */
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without OPT, which is `edns`. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns?: Edns;
}
