/** What stands behind a code. `docs/errors.md` has one heading per row; a test compares the two. */
export interface CatalogEntry {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable: boolean
  /** When it is raised, in one sentence. */
  readonly when: string
  /** What to do about it, in one sentence. */
  readonly advice: string
}

/** Every error code of this package, in the order of the flow. Codes are never renamed or used again. */
export const catalog = {
  SEMEL_OPTION_UNKNOWN: {
    retryable: false,
    when: 'An option has a name that is not known here.',
    advice: 'Use the name that the message suggests, or remove the option.',
  },
  SEMEL_OPTION_INVALID: {
    retryable: false,
    when: 'An option is missing, has the wrong type, or is out of its range.',
    advice: 'The message quotes the option, what is allowed and what was given.',
  },
  SEMEL_CONFIG_INVALID: {
    retryable: false,
    when: 'A configuration file cannot be read or does not say what it must.',
    advice: 'Go to the file, line and column that the message names.',
  },
  SEMEL_CLIENT_MISSING: {
    retryable: false,
    when: 'A configuration names a database or a broker whose client library is not installed.',
    advice: 'Install it beside semel: npm install and the name that the message says.',
  },
  SEMEL_ENV_MISSING: {
    retryable: false,
    when: 'A configuration file refers to an environment variable that is not set.',
    advice: 'Set the variable, or write ${env:NAME:default}.',
  },
  SEMEL_USAGE: {
    retryable: false,
    when: 'The command line is not understood.',
    advice: 'Ask the command for --help; it prints examples.',
  },
  SEMEL_CONSUMER_TWICE: {
    retryable: false,
    when: 'Two consumers of one process or file have the same group and topic.',
    advice: 'Merge their handlers, or give one of them a group of its own.',
  },
  SEMEL_TRANSACTIONS_MISSING: {
    retryable: false,
    when: 'A strategy of level A was given a store that has no transactions.',
    advice:
      "Use a store with transactions, declare effects, or strategy: marker({ because: '…' }).",
  },
  SEMEL_RETENTION_SHORT: {
    retryable: false,
    when: 'Records would be forgotten while the source can still deliver their messages again.',
    advice: "Raise retentionMs above the source's redelivery horizon.",
  },
  SEMEL_ATTEMPTS_OVER_BROKER: {
    retryable: false,
    when: 'The broker gives up on a message before attemptsMax is reached.',
    advice: "Raise the broker's delivery limit, or lower attemptsMax.",
  },
  SEMEL_KEY_MISSING: {
    retryable: false,
    when: 'A message has no idempotency key.',
    advice: 'Let the producer set it, or choose a field that every message has.',
  },
  SEMEL_KEY_INVALID: {
    retryable: false,
    when: 'An idempotency key is not a well-formed string, a safe integer, a bigint, bytes, or a tuple of these.',
    advice: 'Turn the value into a string yourself, so that equal intents give equal keys.',
  },
  SEMEL_KEY_TOO_LONG: {
    retryable: false,
    when: 'An idempotency key is larger than any sensible key.',
    advice: 'Use the fields that name the intent, not the whole message.',
  },
  SEMEL_BODY_INVALID: {
    retryable: false,
    when: 'A message body is not JSON in UTF-8, has a __proto__ member, or a number too large to hold.',
    advice: 'Mend the producer, or give the consumer a decode function for its format.',
  },
  SEMEL_BODY_TOO_DEEP: {
    retryable: false,
    when: 'A message body nests deeper than jsonDepthMax.',
    advice: 'Mend the producer; raise jsonDepthMax only if such bodies are real.',
  },
  SEMEL_BODY_TOO_LARGE: {
    retryable: false,
    when: 'A message body is larger than bodyBytesMax.',
    advice: 'Send a reference to the content, or raise bodyBytesMax.',
  },
  SEMEL_BODY_REFUSED: {
    retryable: false,
    when: 'A message body does not fit the schema of the consumer.',
    advice: 'Mend the producer, or widen the schema; then redrive the message.',
  },
  SEMEL_RESULT_INVALID: {
    retryable: false,
    when: 'A result is not plain JSON: circular, a bigint, a class, or more than JSON keeps.',
    advice: 'Return plain data; nothing was committed.',
  },
  SEMEL_RESULT_TOO_LARGE: {
    retryable: false,
    when: 'A result is larger than resultBytesMax.',
    advice: 'Return an identifier instead of the content; nothing was committed.',
  },
  SEMEL_HELD: {
    retryable: true,
    when: 'Somebody else holds this key: it is being performed, waits for its retry, or is parked by a consumer.',
    advice: 'Call again after retryAfterMs.',
  },
  SEMEL_MISMATCHED: {
    retryable: false,
    when: 'The key is known with another fingerprint: two different intents share one key.',
    advice: 'Choose a key that names one intent; nothing took effect.',
  },
  SEMEL_DEAD: {
    retryable: false,
    when: 'The key was given up, after its last attempt or because the handler said so.',
    advice: 'Look at it with "semel inbox show", then redrive or skip it.',
  },
  SEMEL_FENCED: {
    retryable: true,
    when: 'The lease was taken over by somebody newer, so this outcome was refused.',
    advice: 'Nothing was written by this attempt; the newer owner settles the key.',
  },
  SEMEL_LEASE_LOST: {
    retryable: true,
    when: 'The lease could not be renewed in time, so the handler was told to stop.',
    advice: 'Raise leaseMs above the longest pause of the process.',
  },
  SEMEL_HANDLER_TIMEOUT: {
    retryable: true,
    when: 'A handler ran longer than performMsMax.',
    advice: 'Make it stop when its signal aborts, or raise performMsMax.',
  },
  SEMEL_EFFECT_REFUSED: {
    retryable: false,
    when: 'A handler called a declared effect twice under one name, left one under way, or called one beside or after its final transaction.',
    advice:
      'Await each effect, name several calls of one with step(), and call transaction() once and last.',
  },
  SEMEL_EFFECT_UNCERTAIN: {
    retryable: false,
    when: 'An earlier attempt began a call and left no result, and calling again could do it twice.',
    advice:
      'Look at the far side; then skip the message, or redrive it with callAgain if nothing happened there.',
  },
  SEMEL_STEP_UNKNOWN: {
    retryable: false,
    when: 'An earlier attempt recorded a call of an effect that is not declared any more, or is of another kind.',
    advice: 'Declare it as it was until its messages are done, then redrive those that died of it.',
  },
  SEMEL_STEP_RESULT_INVALID: {
    retryable: false,
    when: 'A call of a declared effect has happened, and what it answered is not plain JSON or larger than resultBytesMax.',
    advice:
      'Return plain data from the call; the message is dead, because another attempt would call again.',
  },
  SEMEL_ORDER_MISSING: {
    retryable: false,
    when: 'A consumer is told to keep an order, over a source that has none.',
    advice: 'Take orderedBy away, or a source whose capabilities.order is queue or key.',
  },
  SEMEL_BATCH_ANSWER_INVALID: {
    retryable: false,
    when: 'A batch handler named a failed message that is not of its batch.',
    advice: 'Answer with the very message objects that the handler was given.',
  },
  SEMEL_GUARDS_MISSING: {
    retryable: false,
    when: 'A strategy that guards a row was given a store whose transactions have no rows of yours.',
    advice: 'Use a store on PostgreSQL, MySQL, MariaDB or SQLite, or strategy: inbox().',
  },
  SEMEL_TABLE_MISSING: {
    retryable: false,
    when: 'A strategy names a table, or a column of it, that the database does not have.',
    advice: 'The message names it; names are compared letter by letter, and put in quotes.',
  },
  SEMEL_CONSTRAINT_MISSING: {
    retryable: false,
    when: 'A table has no unique index of exactly the columns by which a strategy finds its row.',
    advice:
      'Add a primary key or a unique index of these columns, of all rows and checked at once.',
  },
  SEMEL_VALUES_INVALID: {
    retryable: false,
    when: 'The values that a strategy took from a message are not complete: one is missing, null, or no value of a column.',
    advice: 'Mend the producer, or the function "of" of the strategy; then redrive the message.',
  },
  SEMEL_ROW_CONFLICT: {
    retryable: false,
    when: 'There is a row under the unique columns of a message, and it says something else.',
    advice: 'Two intents share one key: choose columns that name one intent; nothing took effect.',
  },
  SEMEL_VERSION_CONFLICT: {
    retryable: false,
    when: 'A message was made from a version of its row that is not there any more, or the row itself is not.',
    advice: 'Make the message anew from the row as it is now; nothing took effect.',
  },
  SEMEL_TRANSITION_REFUSED: {
    retryable: false,
    when: 'A message asks for a state to which no way leads from the state of its row.',
    advice: 'Look at the row and at the graph; nothing took effect.',
  },
  SEMEL_ABORTED: {
    retryable: true,
    when: 'The caller, or a consumer that stops, aborted the handler.',
    advice: 'Nothing was committed; the message comes again.',
  },
  SEMEL_RUN_NESTED: {
    retryable: false,
    when: 'run() would wait for a transaction inside which it is called, or one of the same process that has claimed its key.',
    advice: 'Call runIn() with that transaction, or end it first.',
  },
  SEMEL_RECORD_UNSETTLED: {
    retryable: true,
    when: 'runIn() met a record that is leased or failed.',
    advice:
      'Roll your transaction back and call again later; waiting while you hold locks could block for ever.',
  },
  SEMEL_TX_OVER: {
    retryable: false,
    when: 'A transaction object was used after its message had ended.',
    advice: 'Await everything that the handler starts.',
  },
  SEMEL_TX_OURS: {
    retryable: false,
    when: 'A handler tried to begin, commit or roll back the transaction, or to close its connection.',
    advice: 'Return to commit, throw to roll back.',
  },
  SEMEL_TX_ROLLED_BACK: {
    retryable: true,
    when: 'The seal found that our records are gone: the transaction had been ended or rolled back inside.',
    advice: 'Look for a rollback, or a swallowed database error, inside the handler.',
  },
  SEMEL_SQLITE_WAITED: {
    retryable: false,
    when: 'A handler waited for something else than the database inside a SQLite transaction.',
    advice:
      'Fetch what it needs before, and do inside the transaction only what SQLite answers at once.',
  },
  SEMEL_TX_OUTSIDE: {
    retryable: false,
    when: 'A handler asked the pool for something, instead of its own transaction.',
    advice:
      "Use the handler's tx: what goes past it commits by itself. If that is meant, give the store outside: 'allow'.",
  },
  SEMEL_OUTCOME_UNKNOWN: {
    retryable: true,
    when: 'COMMIT or settle got no answer: the effect may or may not have happened.',
    advice: 'Ask again with the same key; the record knows.',
  },
  SEMEL_STORE_UNAVAILABLE: {
    retryable: true,
    when: 'The store does not answer.',
    advice: 'Nothing is lost; consuming resumes by itself when the store is back.',
  },
  SEMEL_STORE_CONTENDED: {
    retryable: true,
    when: 'The store gave up waiting for a lock.',
    advice: 'It is tried again by itself; if it stays, look for a long transaction.',
  },
  SEMEL_STORE_CLOSED: {
    retryable: false,
    when: 'A store was used after close().',
    advice: 'Stop the consumers before closing their store.',
  },
  SEMEL_STORE_READ_ONLY: {
    retryable: true,
    when: 'The store cannot be written: a standby, or one that is kept from it.',
    advice:
      'Promote the server or go to the one that writes; of a file check its permissions and those of its folder. Consuming resumes by itself.',
  },
  SEMEL_STORE_FULL: {
    retryable: true,
    when: 'The store has no room left.',
    advice: 'Free disk space; consuming resumes by itself.',
  },
  SEMEL_STORE_CORRUPT: {
    retryable: false,
    when: 'The file is damaged or is no database.',
    advice: 'Restore it from a backup; do not delete the records while messages can come again.',
  },
  SEMEL_REDIS_UNSAFE: {
    retryable: false,
    when: 'A Redis can forget records: it evicts, it keeps less on disk than was declared, or it does not say.',
    advice:
      'Give it maxmemory-policy noeviction, appendonly yes and appendfsync always, or declare what it has with persistence; where it does not say, vouch for it with uncheckedBecause.',
  },
  SEMEL_REDIS_REFUSED: {
    retryable: false,
    when: 'Redis does not let this user in, or not run a command that is needed.',
    advice: 'Check the password; docs/redis.md lists the commands and keys that the user needs.',
  },
  SEMEL_LOCK_UNAVAILABLE: {
    retryable: true,
    when: 'The server of a lock does not answer.',
    advice: 'Nothing was locked; try again when the server is back.',
  },
  SEMEL_LOCK_LOST: {
    retryable: true,
    when: 'A lock ended, or may have, while it was held.',
    advice: 'Stop what it guards; raise leaseMs above the longest pause of the process.',
  },
  SEMEL_STORE_DENIED: {
    retryable: false,
    when: 'The database does not let this user in, or not do what semel needs.',
    advice: 'Check user and password; the page of the database lists the grants that are needed.',
  },
  SEMEL_POOL_TOO_SMALL: {
    retryable: false,
    when: 'A pool has fewer connections than the consumers on it hold at once.',
    advice: 'Raise the size of the pool, or lower batchesInFlight and concurrency.',
  },
  SEMEL_DATABASE_UNSAFE: {
    retryable: false,
    when: 'A database is set up so that records could be merged, lost or overlooked.',
    advice: 'Change the setting that the message names.',
  },
  SEMEL_SCHEMA_MISSING: {
    retryable: false,
    when: 'The database has none of the tables, or not where they are looked for.',
    advice:
      'Run "semel migrate", or give the store the schema and the prefix that you migrated with.',
  },
  SEMEL_SCHEMA_BEHIND: {
    retryable: false,
    when: 'The tables are older than this version of semel.',
    advice: 'Run "semel migrate"; old versions go on working while you deploy.',
  },
  SEMEL_SCHEMA_AHEAD: {
    retryable: false,
    when: 'The tables were made by a newer version of semel.',
    advice: 'Run the newer version; an older one must not write here.',
  },
  SEMEL_SOURCE_CLOSED: {
    retryable: false,
    when: 'A source or publisher was used after close().',
    advice: 'Stop the consumer before closing what it reads from.',
  },
  SEMEL_MESSAGE_INVALID: {
    retryable: false,
    when: 'A message to be sent is not complete or not well formed.',
    advice: 'The message names the field and what it must be.',
  },
  SEMEL_SEND_OVERFLOW: {
    retryable: true,
    when: 'Too many sends that nobody awaits are in flight.',
    advice: 'Await flush() now and then, or await each send.',
  },
  SEMEL_RECORD_MISSING: {
    retryable: false,
    when: 'There is no record under this key.',
    advice: 'List the records of the group with "semel inbox list".',
  },
  SEMEL_RECORD_STATE: {
    retryable: false,
    when: 'An operator asked for something that the state of the record does not allow.',
    advice: 'The message names the state, and the states in which it is allowed.',
  },
  SEMEL_ID_REFUSED: {
    retryable: true,
    when: 'A generator of ids has no worker number whose time covers now: the process stood still for longer than its lease, the store could not be reached, its clock stepped back far, or the generator is closed.',
    advice:
      'Unless it was closed, try again in a second: it gets a number by itself when the store answers.',
  },
  SEMEL_ID_NUMBERS_USED: {
    retryable: true,
    when: 'All 1,024 worker numbers of the store are in use.',
    advice: 'Close generators that are not needed; use one for each process.',
  },
  SEMEL_SHARD_UNKNOWN: {
    retryable: false,
    when: 'The function by() of sharded() has thrown, or has answered a name that is no shard.',
    advice: 'Let it answer one of the names in shards for every key that can come.',
  },
  SEMEL_SHARD_WRONG: {
    retryable: false,
    when: 'A transaction, a database or a parked message is not on the shard that the key, or its name, says.',
    advice:
      'Give runIn a transaction on the shard of the key; check that no two stores were swapped; while keys move give the former map as before.',
  },
  SEMEL_SHARD_LANE: {
    retryable: false,
    when: 'Two messages with one value of orderedBy belong to different shards, so that nobody could keep their order.',
    advice: 'Let by() depend on nothing but what orderedBy answers, or drop orderedBy.',
  },
  SEMEL_SHARD_MOVED: {
    retryable: false,
    when: 'A key was moved to another shard by a process that knows a newer map than this one.',
    advice: 'Give this process the newer map as next; nothing took effect here.',
  },
  SEMEL_INVARIANT_BROKEN: {
    retryable: false,
    when: 'A promise of semel itself is broken; consuming stops.',
    advice: 'Keep the store and the logs as they are, and report it.',
  },
} as const
catalog satisfies Record<`SEMEL_${string}`, CatalogEntry>

/** A stable error code. */
export type SemelCode = keyof typeof catalog
