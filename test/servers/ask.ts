import { connect } from 'node:net'

/** Sends a line, and answers what came back when `whole` says that it is enough, or the other side closed. */
export function ask(
  url: string,
  question: string,
  whole: (answer: string) => boolean,
): Promise<string> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(Number(port), hostname, () => socket.write(question))
  let answer = ''
  socket.setTimeout(1000, () => socket.destroy(new Error(`${url} does not answer`)))
  socket.on('data', (chunk) => {
    answer += chunk.toString()
    if (whole(answer)) resolve(answer)
  })
  socket.on('error', reject)
  socket.on('close', () => resolve(answer))
  return promise.finally(() => socket.destroy())
}
