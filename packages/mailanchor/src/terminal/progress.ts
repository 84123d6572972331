/** One line at the bottom of a terminal that says what is going on, and leaves no trace. */

export interface Progress {
  /** Shows `text` in place of what was there. */
  show(text: string): void;
  /** Takes the line away, so that something else can be printed. */
  clear(): void;
  /** Takes the line away for good. */
  end(): void;
}

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const CLEAR_LINE = '\r\u001b[2K';
const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const NOWHERE: Progress = { show() {}, clear() {}, end() {} };

/** Progress on `screen`, or nowhere if that is no terminal or the user wants quiet. */
export function createProgress(screen: Screen, quiet: boolean): Progress {
  if (screen.isTTY !== true || quiet) return NOWHERE;
  let frame = 0;
  let text = '';
  let shown = false;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    const room = Math.max(10, (screen.columns || 80) - 3);
    screen.write(
      `${shown ? '' : HIDE_CURSOR}${CLEAR_LINE}${FRAMES[frame % FRAMES.length]} ${text.slice(0, room)}`,
    );
    shown = true;
  };
  const restore = () => {
    if (shown) screen.write(`${CLEAR_LINE}${SHOW_CURSOR}`);
    shown = false;
  };
  // However the program ends, the cursor comes back.
  process.once('exit', restore);
  return {
    show(next) {
      text = next;
      timer ??= setInterval(() => {
        frame++;
        draw();
      }, 90).unref();
      if (!shown) draw();
    },
    clear() {
      clearInterval(timer);
      timer = undefined;
      restore();
    },
    end() {
      this.clear();
      process.removeListener('exit', restore);
    },
  };
}
