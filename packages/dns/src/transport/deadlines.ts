/**
 * Deadlines of many exchanges on one timer: a binary heap, earliest first. The timer keeps the process alive exactly while an
 * exchange is waiting; sockets are never what keeps it alive.
 */

export interface Deadline {
  /** Milliseconds on the clock of `performance.now()`. */
  readonly deadline: number;
  /** Place in the heap, -1 outside. Kept by `Deadlines`. */
  heapIndex: number;
  /** Called once when the deadline has passed; the entry is out of the heap by then. */
  expire(): void;
}

export class Deadlines {
  readonly #heap: Deadline[] = [];
  #timer: NodeJS.Timeout | undefined;
  #firesAt = Number.POSITIVE_INFINITY;

  add(entry: Deadline): void {
    this.#heap.push(entry);
    this.#up(this.#heap.length - 1, entry);
    if (this.#timer === undefined || entry.deadline < this.#firesAt) this.#arm();
    else if (this.#heap.length === 1) this.#timer.ref();
  }

  remove(entry: Deadline): void {
    const index = entry.heapIndex;
    if (index < 0) return;
    entry.heapIndex = -1;
    const last = this.#heap.pop()!;
    if (last !== entry) {
      this.#down(index, last);
      if (last.heapIndex === index) this.#up(index, last);
    }
    if (this.#heap.length === 0) this.#timer?.unref();
  }

  get size(): number {
    return this.#heap.length;
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#firesAt = this.#heap[0]!.deadline;
    const wait = Math.max(1, Math.ceil(this.#firesAt - performance.now()));
    this.#timer = setTimeout(() => this.#fire(), wait);
  }

  #fire(): void {
    this.#timer = undefined;
    this.#firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let first = this.#heap[0]; first !== undefined && first.deadline <= now; first = this.#heap[0]) {
      this.remove(first);
      first.expire();
    }
    if (this.#heap.length > 0 && this.#timer === undefined) this.#arm();
  }

  #place(index: number, entry: Deadline): void {
    this.#heap[index] = entry;
    entry.heapIndex = index;
  }

  #up(from: number, entry: Deadline): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#heap[parent]!;
      if (above.deadline <= entry.deadline) break;
      this.#place(index, above);
      index = parent;
    }
    this.#place(index, entry);
  }

  #down(from: number, entry: Deadline): void {
    let index = from;
    for (;;) {
      let child = index * 2 + 1;
      if (child >= this.#heap.length) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && right.deadline < this.#heap[child]!.deadline) child++;
      const below = this.#heap[child]!;
      if (below.deadline >= entry.deadline) break;
      this.#place(index, below);
      index = child;
    }
    this.#place(index, entry);
  }
}
