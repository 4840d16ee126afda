/** Of a promise that stands where none may stand nobody hears: it must not end the process when it rejects. */
export function hush(value: unknown): void {
  if (typeof value !== 'object' || value === null || !('then' in value)) return
  Promise.resolve(value).catch(() => undefined)
}
