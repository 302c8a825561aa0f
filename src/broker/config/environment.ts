/**
 * Settings from the environment, by the rule of Apache's container image: `KAFKA_LOG_RETENTION_MS` is
 * `log.retention.ms`; two underscores stand for one, three for a dash. `SLUICE_…` does the same and wins.
 */

/** Names that the image keeps for its own scripts and the Java machine. */
const NOT_SETTINGS = new Set([
  'VERSION',
  'HOME',
  'OPTS',
  'HEAP_OPTS',
  'LOG4J_OPTS',
  'JMX_OPTS',
  'JMX_PORT',
  'JMX_HOSTNAME',
  'JVM_PERFORMANCE_OPTS',
  'GC_LOG_OPTS',
  'LOG4J_ROOT_LOGLEVEL',
  'LOG4J_LOGGERS',
  'TOOLS_LOG4J_LOGLEVEL',
  'DATA_DIR',
  'CONFIG',
  'LOG_LEVEL',
  'BOOTSTRAP',
])

function settingName(rest: string): string {
  return rest
    .toLowerCase()
    .replaceAll('___', '\0')
    .replaceAll('__', '\x01')
    .replaceAll('_', '.')
    .replaceAll('\0', '-')
    .replaceAll('\x01', '_')
}

/** Settings by Kafka's names; `SLUICE_` before `KAFKA_` where both are given. */
export function settingsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Map<string, string> {
  const settings = new Map<string, string>()
  for (const prefix of ['KAFKA_', 'SLUICE_']) {
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined || !name.startsWith(prefix)) continue
      const rest = name.slice(prefix.length)
      if (!NOT_SETTINGS.has(rest)) settings.set(settingName(rest), value)
    }
  }
  return settings
}
