/**
 * Sum of a metric over the label sets that `chosen` accepts, from the text that /metrics serves.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function sumOf(
  text: string,
  name: string,
  chosen: (labels: Record<string, string>) => boolean = () => true,
): number {
  let sum = 0;
  for (const line of text.split('\n')) {
    const [, metric, labels = '', value] =
      /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (metric === name && chosen(parseLabels(labels))) sum += Number(value);
  }
  return sum;
}

const parseLabels = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  ) as Record<string, string>;
