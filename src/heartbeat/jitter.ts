/**
 * A number from 0 up to 1 that is always the same for one UID and evenly spread over different ones, so that the heartbeats
 * of many members are not sent at the same time. FNV-1a, with its top bits, which a short text fills best after one more
 * multiplication.
 */
export function jitterOf(uid: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < uid.length; index++) {
    hash = Math.imul(hash ^ uid.charCodeAt(index), 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
}
