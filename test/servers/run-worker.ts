// A run of tests in which a server was started by a process that is gone. Says where, then ends as it is told.
import { urlOf } from './find.ts'
import { runFolder, startInstance } from './instance.ts'
import { serversOfThisRun } from './run.ts'

const end = serversOfThisRun()
const home = runFolder()
const news = await startInstance({ name: 'redis', shared: false }, home, urlOf).catch(
  (error: unknown) => ({ because: String(error) }),
)
process.send?.({ ...news, home })
process.on('message', () => {
  end().then(
    () => process.exit(0),
    () => process.exit(1),
  )
})
