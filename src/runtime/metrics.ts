/**
 * Counters, gauges and histograms of the broker, and their text form for Prometheus.
 *
 * Changing a metric is one addition and allocates nothing, so hot paths may count. Gauges are read when
 * somebody asks. Names follow the Kafka exporter's customs (`kafka_server_…`), so existing dashboards fit.
 */

export interface Counter {
  add(amount?: number): void
  readonly value: number
}

export interface Histogram {
  observe(value: number): void
}

export type Labels = Readonly<Record<string, string>>

interface Series {
  readonly labels: Labels
  lines(name: string): string[]
}

interface Family {
  readonly help: string
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly series: Map<string, Series>
}

/** Upper bounds in milliseconds, fit for a broker that answers between 0.05 ms and 30 s. */
const LATENCY_BOUNDS_MS = [
  0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000, 30_000,
] as const

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

class CounterSeries implements Counter, Series {
  readonly labels: Labels
  value = 0
  constructor(labels: Labels) {
    this.labels = labels
  }
  add(amount = 1): void {
    this.value += amount
  }
  lines(name: string): string[] {
    return [`${name}${labelText(this.labels)} ${this.value}`]
  }
}

class HistogramSeries implements Histogram, Series {
  readonly labels: Labels
  readonly #counts = new Float64Array(LATENCY_BOUNDS_MS.length + 1)
  #sum = 0
  constructor(labels: Labels) {
    this.labels = labels
  }
  observe(value: number): void {
    let bucket = 0
    while (bucket < LATENCY_BOUNDS_MS.length && value > (LATENCY_BOUNDS_MS[bucket] ?? 0)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#sum += value
  }
  lines(name: string): string[] {
    let total = 0
    const buckets = [...LATENCY_BOUNDS_MS, '+Inf'].map((bound, index) => {
      total += this.#counts[index] ?? 0
      return `${name}_bucket${labelText({ ...this.labels, le: String(bound) })} ${total}`
    })
    return [
      ...buckets,
      `${name}_sum${labelText(this.labels)} ${this.#sum}`,
      `${name}_count${labelText(this.labels)} ${total}`,
    ]
  }
}

export class MetricsRegistry {
  readonly #families = new Map<string, Family>()

  /** The counter of this name and these labels; the same one at every call. */
  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#series(name, help, 'counter', labels, () => new CounterSeries(labels))
  }

  /** A histogram of milliseconds. */
  histogram(name: string, help: string, labels: Labels = {}): Histogram {
    return this.#series(name, help, 'histogram', labels, () => new HistogramSeries(labels))
  }

  /** A value that is read when the metrics are asked for. */
  gauge(name: string, help: string, read: () => number, labels: Labels = {}): void {
    const series: Series = { labels, lines: (family) => [`${family}${labelText(labels)} ${read()}`] }
    this.#family(name, help, 'gauge').series.set(labelText(labels), series)
  }

  /** Forgets all series of this name with these labels, for things that are gone. */
  remove(name: string, labels: Labels): void {
    this.#families.get(name)?.series.delete(labelText(labels))
  }

  /** The text exposition format 0.0.4. */
  text(): string {
    const lines: string[] = []
    for (const [name, family] of this.#families) {
      lines.push(`# HELP ${name} ${family.help}`, `# TYPE ${name} ${family.kind}`)
      for (const series of family.series.values()) lines.push(...series.lines(name))
    }
    return `${lines.join('\n')}\n`
  }

  #family(name: string, help: string, kind: Family['kind']): Family {
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { help, kind, series: new Map() }
      this.#families.set(name, family)
    }
    if (family.kind !== kind) throw new Error(`metric ${name} is a ${family.kind}, not a ${kind}`)
    return family
  }

  #series<S extends Series>(
    name: string,
    help: string,
    kind: Family['kind'],
    labels: Labels,
    make: () => S,
  ): S {
    const family = this.#family(name, help, kind)
    const key = labelText(labels)
    const known = family.series.get(key)
    if (known !== undefined) return known as S
    const made = make()
    family.series.set(key, made)
    return made
  }
}
