/**
 * Makes ids ahead of the effect, so that they can travel in the message: the same id on every delivery. Each id of
 * one generator is greater than the one before it, as strings and as numbers are compared.
 */
export interface IdGenerator<out T extends string | bigint> {
  next(): T
}
