/** Leaves a connection to whoever reads it next, with nothing lost on the way. */
import type { Socket } from 'node:net';
import type { Conversation, End } from '../conversation.ts';

function nobody(): void {}

/**
 * An `End` where the server has said something that nobody asked for. Afterwards the socket stands as one that was never read from: it
 * flows as soon as somebody listens.
 */
export async function handOver(conversation: Conversation, socket: Socket): Promise<End | undefined> {
  if (conversation.pending > 0) return { kind: 'protocol-error', text: 'the server talks unasked' };
  conversation.detach();
  // A stream that has once flowed goes on when its listener is gone, and what comes then is lost. A listener for 'readable', put on and taken
  // off, brings it back to where it waits for the next listener.
  socket.on('readable', nobody);
  socket.off('readable', nobody);
  await new Promise<void>((resume) => process.nextTick(resume));
  if (!socket.writable || socket.destroyed)
    return { kind: 'closed', text: 'the server closed the connection (EHLO)' };
  return undefined;
}
