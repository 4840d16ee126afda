import { copyFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from '../ask.ts'
import { cached } from '../cache.ts'
import type { Command, Kind, Place } from '../kind.ts'
import { programPath } from '../machine.ts'
import { perform } from '../process.ts'

/** ZooKeeper with short ticks: sessions of 1 to 10 s. */
export const zookeeper: Kind = {
  variable: 'SEMEL_ZOOKEEPER_URL',
  usualUrl: 'zookeeper://127.0.0.1:2181',
  urlAt: (port) => `zookeeper://127.0.0.1:${port}`,
  probe,
  command,
  stopSignal: 'SIGTERM',
}

/** Its port opens before it serves: only the four letters tell. */
async function probe(url: string): Promise<string> {
  const answer = await ask(url, 'srvr', () => false)
  const version = /^Zookeeper version: ([\d.]+)[^]*^Mode: /m.exec(answer)?.[1]
  if (version === undefined) throw new Error(`${url} does not serve: ${answer.trim()}`)
  return `ZooKeeper ${version}`
}

async function command({ folder, port, settings }: Place): Promise<Command> {
  const given = {
    tickTime: '500',
    dataDir: join(folder, 'data'),
    clientPort: String(port),
    clientPortAddress: '127.0.0.1',
    'admin.enableServer': 'false',
    maxClientCnxns: '0',
    '4lw.commands.whitelist': 'ruok,stat,mntr,srvr,cons',
    ...settings,
  }
  const lines = Object.entries(given).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(join(folder, 'zoo.cfg'), lines.join(''))
  const memory = [
    '-Xms16m',
    '-Xmx128m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:-UsePerfData',
  ]
  const flags = ['zookeeper.jmx.log4j.disable=true', 'org.slf4j.simpleLogger.defaultLogLevel=warn']
  const main = ['org.apache.zookeeper.server.ZooKeeperServerMain', join(folder, 'zoo.cfg')]
  const args = [...memory, ...flags.map((flag) => `-D${flag}`), '-cp', await classPath(), ...main]
  return { program: programPath('java'), args }
}

/** Debian's jars, or else those of Maven's repository. */
async function classPath(): Promise<string> {
  const debian = ['zookeeper', 'slf4j-simple'].map((name) => `/usr/share/java/${name}.jar`)
  if (debian.every((jar) => existsSync(jar))) return debian.join(':')
  return `${await cached('zookeeper-3.9.4', fetch)}/*`
}

async function fetch(folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml')
  copyFileSync(join(import.meta.dirname, 'zookeeper-pom.xml'), pom)
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies'
  const what = ['-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
  const args = ['-B', '-q', '-f', pom, goal, ...what]
  await perform({ program: programPath('mvn'), args }, { cwd: folder, asRoot: true })
}
