/** Bytes of an argument that a server reads of a client that has not logged in (networking.c, processMultibulkBuffer). */
export const longestPassword = 16_384;

/** Why clients cannot use a password; undefined if they can. */
export const passwordFault = (password: string): string | undefined =>
  Buffer.byteLength(password) > longestPassword
    ? `it is longer than ${longestPassword} bytes`
    : undefined;
