interface Setting {
  /** As in postgresql.conf. */
  name: string;
  value: string;
  /** The arguments that set it. */
  args: string[];
}

const form = /^([A-Za-z_][\w.-]*)=(.*)$/s;

/** The settings in arguments of a server (`-c name=value`, `-cname=value`, `--name=value`), and its other arguments. */
function parse(args: readonly string[]): (Setting | string)[] {
  const parsed: (Setting | string)[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const isPair = arg === '-c';
    const text = isPair ? (args[i + 1] ?? '') : /^(?:-c|--)(.*)$/s.exec(arg)?.[1];
    const [, name = '', value = ''] = form.exec(text ?? '') ?? [];
    if (name === '') {
      parsed.push(arg);
      continue;
    }
    const used = isPair ? [arg, args[++i] ?? ''] : [arg];
    parsed.push({ name: name.replaceAll('-', '_').toLowerCase(), value, args: used });
  }
  return parsed;
}

/** Only the agent may set these: arguments take precedence over its file, and over that of ALTER SYSTEM. */
export const isPinned = (name: string): boolean =>
  /^(primary_conninfo|primary_slot_name|synchronous_standby_names|promote_trigger_file|restore_command|recovery_\w+)$/i.test(
    name,
  );

/** Without wal_level = minimal, with which no member could follow, and what only the agent may set. */
export function allowedArgs(args: readonly string[]): { allowed: string[]; ignored: string[] } {
  const allowed: string[] = [];
  const ignored: string[] = [];
  for (const part of parse(args)) {
    if (typeof part === 'string') allowed.push(part);
    else if (isPinned(part.name) || (part.name === 'wal_level' && part.value === 'minimal'))
      ignored.push(`${part.name}=${part.value}`);
    else allowed.push(...part.args);
  }
  return { allowed, ignored };
}

/** The last value of each of these settings, as arguments. */
export function argsFor(names: readonly string[], args: readonly string[]): string[] {
  const values = new Map<string, string>();
  for (const part of parse(args)) {
    if (typeof part !== 'string' && names.includes(part.name)) values.set(part.name, part.value);
  }
  return [...values].flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
