/** The part of Standard Schema that is called here; validators of any library that implements it fit. */
export interface Schema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** A schema that checks nothing and says so in its name. */
export function unchecked<T>(): Schema<T> {
  const validate = (value: unknown): SchemaResult<T> => ({ value: value as T })
  return { '~standard': { version: 1, vendor: 'semel', validate } }
}
