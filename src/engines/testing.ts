import type { Passwords } from './engine-context.ts';

/** The password of a member as its agent sees it, in the hands of a test. */
export class TestPasswords implements Passwords {
  current: string;
  former: string[] = [];
  isShared = false;
  replication: Passwords['replication'];
  /** The last one that the program has accepted. */
  accepted: string | undefined;

  constructor(current: string) {
    this.current = current;
  }

  /** The kubelet has brought another password. */
  change(password: string): void {
    this.former = [this.current, ...this.former].filter((other) => other !== password);
    this.current = password;
    this.isShared = false;
  }

  accept(password: string): void {
    this.accepted = password;
  }

  retire(): void {
    this.former = [];
  }
}
