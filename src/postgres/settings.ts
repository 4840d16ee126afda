/** `set local name`, also of roles and time zones, and `set_config('name', …)`. */
const local = /\bset\s+local\s+(time\s+zone|"?[a-z_][\w.]*"?)/gi
const config = /\bset_config\s*\(\s*'([a-z_][\w.]*)'/gi

/** The settings that a statement changes until its transaction ends. */
export function settingsIn(sql: unknown): readonly string[] {
  if (typeof sql !== 'string' || !/\bset/i.test(sql)) return []
  const found = [...sql.matchAll(local), ...sql.matchAll(config)].map(([, name = '']) => name)
  return found.map((name) =>
    name
      .replaceAll('"', '')
      .replace(/^time\s+zone$/i, 'timezone')
      .toLowerCase(),
  )
}

/** Keeps what a setting was, where the transaction itself forgets it. */
export function kept(name: string): string {
  return `select set_config('${placeOf(name)}', coalesce(current_setting('${name}', true), ''), true)`
}

/** Puts settings back as they were. */
export function restored(names: Iterable<string>): string {
  const calls = [...names].map(
    (name) => `set_config('${name}', current_setting('${placeOf(name)}'), true)`,
  )
  return `select ${calls.join(', ')}`
}

function placeOf(name: string): string {
  return `semel.before_${name.replaceAll('.', '_')}`
}
