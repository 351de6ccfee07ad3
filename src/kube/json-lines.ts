/** One JSON value per line, as the API server sends a watch. @throws SyntaxError on a malformed line. */
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
  // The rest is an incomplete line: the stream was interrupted, and the watch resumes after the last complete one.
}
