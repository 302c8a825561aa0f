/**
 * An immutable map that keeps its keys in order and shares structure between versions.
 *
 * The metadata image and the coordinators' states are made of these: an update copies one path of a
 * B+ tree (three nodes for a hundred thousand keys), so creating ten thousand topics one by one stays
 * cheap and yesterday's image stays valid. Order is that of `<` on numbers and on strings (UTF-16 code
 * units), so answers and snapshots come out in the same order on every node.
 * It must never hand out a node that a later update could change.
 */
export type OrderedKey = string | number

type Leaf<K, V> = { readonly leaf: true; readonly keys: readonly K[]; readonly values: readonly V[] }
type Branch<K, V> = {
  readonly leaf: false
  readonly keys: readonly K[]
  readonly children: readonly Node<K, V>[]
}
type Node<K, V> = Leaf<K, V> | Branch<K, V>

/** Entries of one node above which it is split in two halves. */
const NODE_ENTRIES_MAX = 32

/** Index of the first key that is not below `key`. */
function lowerBound<K extends OrderedKey>(keys: readonly K[], key: K): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const candidate = keys[middle]
    if (candidate !== undefined && candidate < key) low = middle + 1
    else high = middle
  }
  return low
}

/** Which child holds `key`: a branch's `keys[i]` is the smallest key that child `i` had when it was made. */
function childIndex<K extends OrderedKey>(keys: readonly K[], key: K): number {
  const at = lowerBound(keys, key)
  return keys[at] === key ? at : Math.max(0, at - 1)
}

/** The nodes that replace `node` once `key` is `value`: one, or two after a split; the same node if nothing changed. */
function inserted<K extends OrderedKey, V>(node: Node<K, V>, key: K, value: V): readonly Node<K, V>[] {
  if (node.leaf) {
    const at = lowerBound(node.keys, key)
    if (node.keys[at] === key) {
      if (node.values[at] === value) return [node]
      return [{ leaf: true, keys: node.keys, values: node.values.with(at, value) }]
    }
    const keys = node.keys.toSpliced(at, 0, key)
    const values = node.values.toSpliced(at, 0, value)
    if (keys.length <= NODE_ENTRIES_MAX) return [{ leaf: true, keys, values }]
    // Keys mostly arrive in ascending order (partition numbers, broker ids): leave the left node full then.
    const half = at === keys.length - 1 ? NODE_ENTRIES_MAX : keys.length >>> 1
    return [
      { leaf: true, keys: keys.slice(0, half), values: values.slice(0, half) },
      { leaf: true, keys: keys.slice(half), values: values.slice(half) },
    ]
  }
  const at = childIndex(node.keys, key)
  const child = node.children[at]
  if (child === undefined) throw new Error('a branch without the child that its keys promise')
  const replacement = inserted(child, key, value)
  if (replacement.length === 1 && replacement[0] === child) return [node]
  const children = node.children.toSpliced(at, 1, ...replacement)
  const keys = node.keys.toSpliced(at, 1, ...replacement.map(smallestKey))
  if (children.length <= NODE_ENTRIES_MAX) return [{ leaf: false, keys, children }]
  const half = at >= node.children.length - 1 ? NODE_ENTRIES_MAX : children.length >>> 1
  return [
    { leaf: false, keys: keys.slice(0, half), children: children.slice(0, half) },
    { leaf: false, keys: keys.slice(half), children: children.slice(half) },
  ]
}

function smallestKey<K extends OrderedKey, V>(node: Node<K, V>): K {
  const key = node.keys[0]
  if (key === undefined) throw new Error('an empty node in an ordered map')
  return key
}

/** The node without `key`; undefined when nothing is left of it; the same node when the key is not there. */
function removed<K extends OrderedKey, V>(node: Node<K, V>, key: K): Node<K, V> | undefined {
  if (node.leaf) {
    const at = lowerBound(node.keys, key)
    if (node.keys[at] !== key) return node
    if (node.keys.length === 1) return undefined
    return { leaf: true, keys: node.keys.toSpliced(at, 1), values: node.values.toSpliced(at, 1) }
  }
  const at = childIndex(node.keys, key)
  const child = node.children[at]
  if (child === undefined) return node
  const replacement = removed(child, key)
  if (replacement === child) return node
  if (replacement === undefined) {
    if (node.children.length === 1) return undefined
    // Nodes are not merged when they grow thin: an emptied one goes, which bounds the waste well enough.
    const keys = node.keys.toSpliced(at, 1)
    return { leaf: false, keys, children: node.children.toSpliced(at, 1) }
  }
  return {
    leaf: false,
    keys: node.keys.with(at, smallestKey(replacement)),
    children: node.children.with(at, replacement),
  }
}

function* walk<K extends OrderedKey, V>(node: Node<K, V>, from: K | undefined): Generator<[K, V]> {
  const start = from === undefined ? 0 : node.leaf ? lowerBound(node.keys, from) : childIndex(node.keys, from)
  for (let at = start; at < node.keys.length; at++) {
    if (node.leaf) {
      const key = node.keys[at]
      // The value's type may hold undefined, so the key alone tells whether the entry is there.
      if (key !== undefined) yield [key, node.values[at] as V]
      continue
    }
    const child = node.children[at]
    if (child !== undefined) yield* walk(child, at === start ? from : undefined)
  }
}

/** An immutable ordered map; `with` and `without` return the changed map, and the same one when nothing changed. */
export class OrderedMap<K extends OrderedKey, V> {
  readonly size: number
  readonly #root: Node<K, V> | undefined

  private constructor(root: Node<K, V> | undefined, size: number) {
    this.#root = root
    this.size = size
  }

  /** A map without entries. */
  static empty<K extends OrderedKey, V>(): OrderedMap<K, V> {
    return new OrderedMap<K, V>(undefined, 0)
  }

  /** A map of the given entries; a later entry of the same key wins. */
  static of<K extends OrderedKey, V>(entries: Iterable<readonly [K, V]>): OrderedMap<K, V> {
    let map = OrderedMap.empty<K, V>()
    for (const [key, value] of entries) map = map.with(key, value)
    return map
  }

  /** The value of `key`, or undefined. */
  get(key: K): V | undefined {
    let node = this.#root
    while (node !== undefined && !node.leaf) node = node.children[childIndex(node.keys, key)]
    if (node === undefined) return undefined
    const at = lowerBound(node.keys, key)
    return node.keys[at] === key ? node.values[at] : undefined
  }

  /** Whether `key` has an entry. */
  has(key: K): boolean {
    let node = this.#root
    while (node !== undefined && !node.leaf) node = node.children[childIndex(node.keys, key)]
    return node !== undefined && node.keys[lowerBound(node.keys, key)] === key
  }

  /** The map in which `key` is `value`. */
  with(key: K, value: V): OrderedMap<K, V> {
    const root = this.#root
    if (root === undefined) return new OrderedMap<K, V>({ leaf: true, keys: [key], values: [value] }, 1)
    const replacement = inserted(root, key, value)
    const [first] = replacement
    if (replacement.length === 1 && first === root) return this
    const size = this.has(key) ? this.size : this.size + 1
    if (replacement.length === 1) return new OrderedMap<K, V>(first, size)
    return new OrderedMap<K, V>(
      { leaf: false, keys: replacement.map(smallestKey), children: replacement },
      size,
    )
  }

  /** The map without `key`. */
  without(key: K): OrderedMap<K, V> {
    const root = this.#root
    if (root === undefined) return this
    let node = removed(root, key)
    if (node === root) return this
    while (node !== undefined && !node.leaf && node.children.length === 1) node = node.children[0]
    return new OrderedMap<K, V>(node, this.size - 1)
  }

  /** Entries in order of their keys, beginning at the first key that is not below `from`. */
  *entries(from?: K): Generator<[K, V]> {
    if (this.#root !== undefined) yield* walk(this.#root, from)
  }

  /** Keys in order, beginning at the first that is not below `from`. */
  *keys(from?: K): Generator<K> {
    for (const [key] of this.entries(from)) yield key
  }

  /** Values in order of their keys. */
  *values(from?: K): Generator<V> {
    for (const [, value] of this.entries(from)) yield value
  }

  [Symbol.iterator](): Generator<[K, V]> {
    return this.entries()
  }
}
