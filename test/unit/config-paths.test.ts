import assert from 'node:assert/strict'
import test from 'node:test'
import { substitute } from '../../src/config/environment.ts'
import { fingerprintFrom, isMessagePath, keyFrom, valueAt } from '../../src/operate/paths.ts'

const message = {
  id: 'm-1',
  topic: 'orders',
  tag: undefined,
  key: 'k',
  headers: { 'trace.id': 't' },
  sentAtMs: undefined,
  body: { order: { id: 17n, items: ['a'] } },
} as const

test('a path leads to what the producer wrote', () => {
  assert.equal(valueAt(message, 'id'), 'm-1')
  assert.equal(valueAt(message, 'key'), 'k')
  assert.equal(valueAt(message, 'headers.trace.id'), 't')
  assert.equal(valueAt(message, 'body.order.id'), 17n)
  assert.equal(valueAt(message, 'body.order.items.0'), 'a')
})

test('a path never leads to what every object has', () => {
  for (const path of ['body.constructor', 'body.__proto__', 'headers.toString', 'body.order.id.x'])
    assert.equal(valueAt(message, path), undefined, path)
  assert.equal(valueAt({ ...message, body: null }, 'body.order'), undefined)
})

test('only paths are paths', () => {
  const refused = ['', 'body', 'body.', 'body..a', 'headers.', 'tag', 'orderId', 'body.a.']
  for (const text of refused) assert.ok(!isMessagePath(text), text)
})

test('several paths make a tuple, and a fingerprint', () => {
  assert.deepEqual(keyFrom(['key', 'body.order.id'])(message), ['k', 17n])
  assert.equal(keyFrom('key')(message), 'k')
  assert.deepEqual(fingerprintFrom(['body.order.id', 'body.none'])(message), [17n, null])
})

test('variables are put in, wherever they stand in a text', () => {
  const env = { HOST: 'db', EMPTY: '', TRICK: '${env:HOST} $& $1' }
  const filled = (text: string): string => substitute(text, env, () => 'here')
  assert.equal(filled('x-${env:HOST}:${env:PORT:5432}/y'), 'x-db:5432/y')
  assert.equal(filled('${env:EMPTY:default}'), '')
  assert.equal(filled('${env:NONE:}'), '')
  assert.equal(filled('${env:TRICK}'), '${env:HOST} $& $1')
  assert.equal(filled('$${env:HOST} costs 5$'), '${env:HOST} costs 5$')
  for (const wrong of ['${env:}', '${HOST}', '${env:HOST', '${env:1A}', '${}'])
    assert.throws(() => filled(wrong), { code: 'SEMEL_CONFIG_INVALID' }, wrong)
  assert.throws(() => filled('${env:NONE}'), {
    code: 'SEMEL_ENV_MISSING',
    message: 'here: NONE is not set',
  })
})
