/** One JSON value a line, as the API server sends a watch. @throws SyntaxError on a malformed line. */
export async function* jsonLines<T>(chunks: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') yield JSON.parse(line) as T;
    }
  }
  // What is left is half a line: the stream was cut, and the watch is resumed from the last whole one.
}
