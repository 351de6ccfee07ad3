/** An answer of Redis: https://redis.io/docs/latest/develop/reference/protocol-spec (RESP2). */
export type Reply = string | number | Buffer | null | RedisError | Reply[];

/** A refused command: the first word is the reason. */
export class RedisError extends Error {
  override readonly name = 'RedisError';

  get code(): string {
    return this.message.split(' ', 1)[0] ?? '';
  }
}

export function encodeCommand(args: readonly (string | number)[]): string {
  const parts = args.map((arg) => `$${Buffer.byteLength(`${arg}`)}\r\n${arg}\r\n`);
  return `*${args.length}\r\n${parts.join('')}`;
}

/** Reads answers from a stream of bytes. */
export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** The answers that these bytes complete. @throws Error if they violate the protocol. */
  push(chunk: Buffer): Reply[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const replies: Reply[] = [];
    for (;;) {
      const found = parse(this.#bytes, 0);
      if (found === undefined) return replies;
      replies.push(found.reply);
      this.#bytes = this.#bytes.subarray(found.end);
    }
  }
}

/** Undefined if the answer is not complete. */
function parse(bytes: Buffer, start: number): { reply: Reply; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', start);
  if (lineEnd === -1) return undefined;
  const text = bytes.toString('utf8', start + 1, lineEnd);
  const end = lineEnd + 2;
  const kind = String.fromCharCode(bytes[start] ?? 0);
  switch (kind) {
    case '+':
      return { reply: text, end };
    case '-':
      return { reply: new RedisError(text), end };
    case ':':
      return { reply: Number(text), end };
    case '$': {
      const size = Number(text);
      if (size === -1) return { reply: null, end };
      if (bytes.length < end + size + 2) return undefined;
      return { reply: bytes.subarray(end, end + size), end: end + size + 2 };
    }
    case '*': {
      const replies: Reply[] = [];
      let at = end;
      for (let i = 0; i < Number(text); i++) {
        const found = parse(bytes, at);
        if (found === undefined) return undefined;
        replies.push(found.reply);
        at = found.end;
      }
      return { reply: replies, end: at };
    }
    default:
      throw new Error(`not an answer of Redis: ${kind}${text.slice(0, 40)}`);
  }
}
