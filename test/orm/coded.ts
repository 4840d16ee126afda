import { isSemelError, type SemelCode } from 'semel'

/** Whether it is our error, also under the error of the library that handed it on. */
export function coded(code: SemelCode): (error: unknown) => boolean {
  return (error) => {
    let at = error
    for (let depth = 0; depth < 5 && at !== undefined; depth++) {
      if (isSemelError(at, code)) return true
      at = (at as { readonly cause?: unknown }).cause
    }
    throw error
  }
}
