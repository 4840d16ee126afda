#!/usr/bin/env node
// No static import here: an old Node would fail on the first module it lacks before it could say why.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
// Until something says otherwise: an event loop that runs dry must not look like success.
process.exitCode = 1
if (major < 22 || (major === 22 && minor < 22)) {
  process.stderr.write(`semel needs Node 22.22 or newer, this is ${process.version}\n`)
} else {
  if (major === 22) hushExperimentalWarnings()
  const { main } = await import('./main.ts')
  process.exit(await main(process.argv.slice(2)))
}

/** Node 22 warns of its SQLite and of TypeScript, both of which are stable enough to be used here. */
function hushExperimentalWarnings(): void {
  const emitWarning = process.emitWarning.bind(process) as (...rest: unknown[]) => void
  process.emitWarning = (warning: string | Error, ...rest: unknown[]): void => {
    const hushed = /^(SQLite|Type Stripping) is an experimental feature/
    if (!hushed.test(typeof warning === 'string' ? warning : warning.message))
      emitWarning(warning, ...rest)
  }
}
