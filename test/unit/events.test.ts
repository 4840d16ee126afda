import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import test from 'node:test'
import { eventNames, on } from 'semel'
import { emit } from '../../src/events/events.ts'

const fenced = { group: 'g', topic: 't', key: 'k' }

test('an event that nobody listens to is not even made', () => {
  emit('fenced', () => assert.fail('made'))
})

test('a listener gets its event until it stops, and no other', () => {
  const heard: unknown[] = []
  const stop = on('fenced', (event) => heard.push(event))
  emit('fenced', () => fenced)
  emit('renewed', () => assert.fail('made'))
  stop()
  emit('fenced', () => assert.fail('made'))
  assert.deepEqual(heard, [fenced])
})

test('every event has a channel of its own, by its name', () => {
  assert.equal(new Set(eventNames).size, eventNames.length)
  const heard: unknown[] = []
  const listener = (_event: unknown, name: string | symbol): number => heard.push(name)
  subscribe('semel:dead', listener)
  emit('dead', () => ({ ...fenced, reason: 'failed', detail: 'x' }))
  unsubscribe('semel:dead', listener)
  assert.deepEqual(heard, ['semel:dead'])
})
