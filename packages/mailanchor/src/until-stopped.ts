/** A service runs until its user stops it. */

export function untilStopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Sockets keep the process alive; so does this, whatever becomes of them.
    const alive = setInterval(() => {}, 60_000);
    const end = () => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
