export interface Journal {
  /** Notes something that has happened. */
  note: (text: string) => void;
  readonly notes: readonly string[];
}

const pad = (value: number) => String(value).padStart(2, '0');

/** Notes with the time of day. Each is passed on to `print` as it is made. */
export function createJournal(now: () => Date, print: (line: string) => void): Journal {
  const notes: string[] = [];
  return {
    notes,
    note(text) {
      const at = now();
      const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':');
      const line = `${time} ${text}`;
      notes.push(line);
      print(line);
    },
  };
}
