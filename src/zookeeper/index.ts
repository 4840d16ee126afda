export type { Done, ZooKeeperClient, ZooKeeperStat, ZooKeeperState } from './client.ts'
export { zookeeperLock, type ZooKeeperLockOptions } from './zookeeper-lock.ts'
