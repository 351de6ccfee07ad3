const up = (lines: number) => `\u001b[${lines}A`;
const clearLine = '\u001b[K';
const clearBelow = '\u001b[J';
const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';

const frameMs = 100;

export interface Terminal {
  isTTY?: boolean;
  columns?: number;
  rows?: number;
  write(text: string): unknown;
}

/** Redraws a picture in place, below what was written before. What stands there at the end stays. */
export class Screen {
  readonly #terminal: Terminal;
  #drawn = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get isLive(): boolean {
    return this.#terminal.isTTY === true;
  }

  /** Between the first picture and the last: nothing else may be written. */
  get isDrawing(): boolean {
    return this.#drawn > 0;
  }

  get columns(): number {
    return Math.min(this.#terminal.columns ?? 80, 120);
  }

  /** One less than the terminal has, so that the cursor's own line does not scroll it. */
  get rows(): number {
    return Math.min(this.#terminal.rows ?? 24, 30) - 1;
  }

  draw(lines: readonly string[]): void {
    const back = this.#drawn === 0 ? hideCursor : up(this.#drawn);
    const text = lines.map((line) => `\r${line}${clearLine}\n`).join('');
    this.#terminal.write(`${back}${text}${clearBelow}`);
    this.#drawn = lines.length;
  }

  /** Draws a picture ten times a second, if this is a terminal. Returns what ends it, with a last picture. */
  animate(picture: () => readonly string[]): () => void {
    if (!this.isLive) return () => {};
    const frame = () => this.draw(picture());
    frame();
    const timer = setInterval(frame, frameMs);
    return () => {
      clearInterval(timer);
      frame();
      this.end();
    };
  }

  /** Keeps the last picture; later output comes below. */
  end(): void {
    if (this.#drawn > 0) this.#terminal.write(showCursor);
    this.#drawn = 0;
  }
}
