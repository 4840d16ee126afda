// One report of public names and signatures per subpath, in etc/. `--check` fails when a report would change.
import { readFileSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor'

const check = process.argv.includes('--check')
const root = resolve(import.meta.dirname, '..')
const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8'))
mkdirSync(resolve(root, 'etc'), { recursive: true })
let stale = 0
for (const [subpath, target] of Object.entries(exports)) {
  if (typeof target === 'string') continue
  const name = subpath === '.' ? 'semel' : subpath.slice(2).replaceAll('/', '-')
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: resolve(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: resolve(root, target.types),
      compiler: { tsconfigFilePath: resolve(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: resolve(root, 'etc'),
        reportTempFolder: resolve(root, 'temp'),
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      messages: {
        extractorMessageReporting: {
          default: { logLevel: 'error' },
          'ae-missing-release-tag': { logLevel: 'none' },
          'ae-undocumented': { logLevel: 'none', addToApiReportFile: false },
          'ae-forgotten-export': {
            logLevel: subpath === '.' ? 'warning' : 'none',
            addToApiReportFile: true,
          },
        },
      },
    },
  })
  const result = Extractor.invoke(config, { localBuild: !check, showVerboseMessages: false })
  if (result.errorCount > 0 || (check && result.apiReportChanged)) stale++
  process.stdout.write(
    `${name}: errors ${result.errorCount} warnings ${result.warningCount} changed ${result.apiReportChanged}\n`,
  )
}
if (check && stale > 0)
  process.stdout.write('public names have changed: npm run api, and say so in CHANGELOG.md\n')
process.exitCode = stale > 0 ? 1 : 0
