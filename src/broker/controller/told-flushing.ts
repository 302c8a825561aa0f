/**
 * Our own word in a broker's registration: that its properties file relaxes flushing.
 *
 * The controller must know it to tell what an unclean stop may have cost (`lost-data.ts`), and sees only settings that
 * stand in the metadata. So a registration carries it in a tagged field, of a tag far from Kafka's, where it is so.
 */
import { relaxesFlushing } from '../../coordination/configs/relaxed-flushing.ts'
import { type ConfigLookup, emptyLayers } from '../../coordination/configs/resolve.ts'
import type { UnknownTaggedField } from '../../protocol/schema/field.ts'

const TAG = 10_001
const noOwn: ConfigLookup = new Map<string, string>()

/** The tagged fields of a registration by a broker with these static settings; undefined when they relax nothing. */
export function tellFlushing(statics: ConfigLookup): readonly UnknownTaggedField[] | undefined {
  return relaxesFlushing(noOwn, { ...emptyLayers, static: statics })
    ? [{ tag: TAG, data: Buffer.alloc(0) }]
    : undefined
}

/** Whether a registration's tagged fields say that its broker relaxes flushing. */
export function toldRelaxed(fields: readonly UnknownTaggedField[] | undefined): boolean {
  return fields?.some(({ tag }) => tag === TAG) === true
}
