import { ephemeralSequential, hasCode, type ZooKeeperStat } from './client.ts'
import { inOrder } from './names.ts'
import type { Session } from './session.ts'

/** The nodes in one bucket. */
export interface Nodes {
  /** Makes one that ends with the session, with a number appended to its name. */
  make(name: string): Promise<unknown>
  /** Makes the bucket itself. */
  makeBucket(): Promise<unknown>
  /** Those whose names begin with this, oldest first. */
  list(resource: string): Promise<readonly string[]>
  /** Answers the transaction that made it; rejects when it is gone. */
  write(name: string): Promise<bigint>
  /** Does nothing when it is gone. */
  remove(name: string): Promise<void>
}

const anyVersion = -1
const nothing = Buffer.alloc(0)

export function nodesIn({ ask }: Session, bucket: string): Nodes {
  const path = (name: string): string => `${bucket}/${name}`
  return {
    make: (name) =>
      ask<string>((client, done) => client.create(path(name), ephemeralSequential, done)),
    makeBucket: () => ask<unknown>((client, done) => client.mkdirp(bucket, done)),
    async list(resource) {
      const listing = ask<readonly string[]>((client, done) => client.getChildren(bucket, done))
      const names = await listing.catch((error: unknown) => unlessGone(error, []))
      return inOrder(names.filter((name) => name.startsWith(resource)))
    },
    async write(name) {
      const { czxid } = await ask<ZooKeeperStat>((client, done) =>
        client.setData(path(name), nothing, anyVersion, done),
      )
      return czxid.readBigInt64BE()
    },
    async remove(name) {
      const removing = ask<void>((client, done) =>
        client.remove(path(name), (error) => done(error, undefined)),
      )
      await removing.catch((error: unknown) => unlessGone(error, undefined))
    },
  }
}

function unlessGone<Answer>(error: unknown, answer: Answer): Answer {
  if (hasCode(error, 'noNode')) return answer
  throw error
}
