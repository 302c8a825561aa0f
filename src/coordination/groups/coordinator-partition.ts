/**
 * Which partition of a coordinator's topic has a key: the hash of Java's strings, so that every client, broker and
 * tool agrees.
 */
const INT32_MIN = -2_147_483_648

/** `String.hashCode` of Java, over UTF-16 code units, as int32. */
export function javaHashCode(text: string): number {
  let hash = 0
  for (let index = 0; index < text.length; index++) hash = (31 * hash + text.charCodeAt(index)) | 0
  return hash
}

/** The partition, of `partitions`, that coordinates the group, transactional id or share partition `key`. */
export function coordinatorPartition(key: string, partitions: number): number {
  const hash = javaHashCode(key)
  return (hash === INT32_MIN ? 0 : Math.abs(hash)) % partitions
}
