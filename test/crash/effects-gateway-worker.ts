// A far side in a process of its own. Charges are remembered by their key; parcels can be found by it; mails and
// sirens happen as often as they are asked for.
import { createServer } from 'node:http'

const answerMs = 5
/** What happened: which kind, by which key. */
const happened: { readonly kind: string; readonly key: string; readonly id: string }[] = []

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://gateway')
  const kind = url.pathname.slice(1)
  const key = url.searchParams.get('key') ?? ''
  const id = url.searchParams.get('id') ?? ''
  const known = happened.findIndex((one) => one.kind === kind && one.key === key)
  // Long enough for a kill to come between an effect and its answer.
  const answer = (value: unknown): unknown =>
    setTimeout(() => response.end(JSON.stringify(value)), answerMs)
  if (kind === 'happened') return answer(happened)
  if (request.method === 'GET') return answer(known < 0 ? null : { receipt: known })
  if (kind === 'charge' && known >= 0) return answer({ receipt: known })
  return answer({ receipt: happened.push({ kind, key, id }) - 1 })
})
process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
