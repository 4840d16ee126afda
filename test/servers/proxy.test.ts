import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { until } from '../crash/until.ts'
import { type FaultProxy, faultProxy } from './proxy.ts'

test('bytes come through, both ways and in order, also with a delay', async (t) => {
  const { proxy, call } = await echo(t)
  const { socket, said } = await call()
  socket.write('one ')
  proxy.delay(20)
  socket.write('two ')
  socket.write('three')
  await until(() => said() === 'one two three', said, 5000)
})

test('the end of one side reaches the other, which may go on', async (t) => {
  const { call } = await echo(t)
  const { socket, said } = await call()
  socket.end('last words')
  await once(socket, 'end')
  assert.equal(said(), 'last words')
})

test('a black hole swallows all and stays open, also after healing; a new connection is good', async (t) => {
  const { proxy, call } = await echo(t)
  const { socket, said } = await call()
  proxy.blackHole()
  socket.write('lost')
  proxy.heal()
  socket.write('lost too')
  const later = await call()
  later.socket.write('heard')
  await until(() => later.said() === 'heard', later.said, 5000)
  assert.deepEqual([said(), socket.closed, proxy.connections().length], ['', false, 2])
})

test('a reset of one connection leaves the others alone', async (t) => {
  const { proxy, call } = await echo(t)
  const [one, other] = [await call(), await call()]
  const failed = once(one.socket, 'error')
  proxy.connections()[0]?.reset()
  assert.equal(((await failed)[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
  other.socket.write('still')
  await until(() => other.said() === 'still', other.said, 5000)
})

test('a half-closed client hears no more, and is still heard', async (t) => {
  const { proxy, call, heard } = await echo(t)
  const { socket } = await call()
  socket.resume()
  proxy.halfClose('client')
  await once(socket, 'end')
  socket.write('to nobody')
  await until(() => heard() === 'to nobody', heard, 5000)
})

test('new connections are refused until it is healed; open ones live on', async (t) => {
  const { proxy, call } = await echo(t)
  const open = await call()
  proxy.refuse()
  await assert.rejects(call(), { code: 'ECONNRESET' })
  open.socket.write('here')
  await until(() => open.said() === 'here', open.said, 5000)
  proxy.heal()
  await call()
})

test('it refuses to hide that the server is gone', async (t) => {
  const proxy = await faultProxy({ url: 'tcp://127.0.0.1:1', host: '127.0.0.1', port: 1 }, t)
  const socket = connect(proxy.port, '127.0.0.1')
  assert.equal(((await once(socket, 'error'))[0] as NodeJS.ErrnoException).code, 'ECONNRESET')
})

/** A server that says everything again, behind a proxy. */
async function echo(t: TestContext) {
  let heard = ''
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    socket.on('data', (chunk) => (heard += String(chunk)))
    socket.pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const proxy = await faultProxy({ url: `tcp://127.0.0.1:${port}`, host: '127.0.0.1', port }, t)
  t.after(() => server.close())
  return { proxy, heard: () => heard, call: () => caller(t, proxy) }
}

/** Connected, and known to have reached the server. */
async function caller(
  t: TestContext,
  { port, connections }: FaultProxy,
): Promise<{ socket: Socket; said: () => string }> {
  const before = connections().length
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  t.after(() => socket.destroy())
  const failed = once(socket, 'error').then(([error]) => Promise.reject(error as Error))
  await Promise.race([
    failed,
    until(
      () => connections().length > before,
      () => 'open',
      5000,
    ),
  ])
  failed.catch(() => {})
  let said = ''
  socket.on('data', (chunk) => (said += String(chunk)))
  socket.on('error', () => {})
  return { socket, said: () => said }
}
