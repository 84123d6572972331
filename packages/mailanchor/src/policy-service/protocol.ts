/** What the table protocols of Postfix have in common: a question, a reply, in order. */
import type { Answer } from './answer.ts';

export type Decoded =
  | {
      readonly kind: 'question';
      readonly key: string;
      /** Whether the answer is wanted with its attributes for TLS reports. */
      readonly attributes?: boolean;
      /** Index of what follows. */
      readonly end: number;
    }
  /** A request that can be read and makes no sense: it gets this reply. */
  | { readonly kind: 'reply'; readonly answer: Answer; readonly end: number }
  /** The request is not complete yet. */
  | { readonly kind: 'more' }
  /** What follows cannot be told apart any more: the connection ends. */
  | { readonly kind: 'malformed'; readonly text: string };

export interface Protocol {
  readonly name: 'socketmap' | 'tcp-table';
  /** Octets of a request at most, framing included. */
  readonly longest: number;
  /** The request that begins at `from`. */
  decode(octets: Buffer, from: number): Decoded;
  encode(answer: Answer): Buffer;
}
