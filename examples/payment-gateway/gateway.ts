// The far side: a payment gateway that remembers idempotency keys, and a mail server that remembers nothing.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Gateway {
  readonly url: string
  /** Orders, once per effect. */
  readonly charges: string[]
  readonly mails: string[]
  close(): void
}

/** `silentFor` says whether an effect happens without an answer, as when a connection breaks just then. */
export async function startGateway(
  silentFor: (path: string, order: string) => boolean,
): Promise<Gateway> {
  const charges: string[] = []
  const mails: string[] = []
  const receipts = new Map<string, string>()

  function charge(order: string, key: string): string {
    const known = receipts.get(key)
    if (known !== undefined) {
      console.log(`gateway   ${order}: this key is known, nothing is charged`)
      return known
    }
    const receipt = `receipt-${charges.push(order)}`
    receipts.set(key, receipt)
    console.log(`gateway   ${order}: 100 charged`)
    return receipt
  }
  function mail(order: string): string {
    const before = mails.includes(order)
    console.log(`mail      ${order}: sent${before ? ' AGAIN: a mail server cannot tell' : ''}`)
    return `mail-${mails.push(order)}`
  }
  function answer(path: string, order: string, key: string, response: ServerResponse): void {
    const id = path === '/charge' ? charge(order, key) : mail(order)
    if (!silentFor(path, order)) response.end(JSON.stringify({ id }))
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway')
    const key = String(request.headers['idempotency-key'] ?? '')
    answer(pathname, searchParams.get('order') ?? '', key, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  function close(): void {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, charges, mails, close }
}
