-- Declared effects: each call to the outside is noted before it is made, and its result after.

-- A row exists from the intent until its record is completed, forgotten or pruned. The intent id
-- is that of the call that first began it; done is 1 once there is a result, which may be null.
create table semel_step (
  scope     blob    not null,
  key       blob    not null,
  step      text    not null,
  kind      text    not null,
  intent_id blob    not null,
  begun_ms  integer not null,
  done      integer not null check (done in (0, 1)),
  result    text,
  primary key (scope, key, step)
) strict, without rowid;
