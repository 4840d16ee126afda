-- The queue: a log of messages, who reads it and how far, and what is under way.

-- seq is never used again, or a message could stand behind a cursor that has passed it.
create table semel_queue_message (
  seq         integer primary key autoincrement,
  topic       text    not null,
  id          text    not null,
  tag         text,
  message_key text,
  headers     text,
  order_key   text,
  sent_ms     integer not null,
  due_ms      integer not null,
  body        blob    not null
) strict;

create index semel_queue_message_topic on semel_queue_message (topic);

-- One row per group; in broadcast one per instance of it. Everything up to the cursor has been looked at.
create table semel_queue_subscription (
  id            integer primary key,
  topic         text    not null,
  group_name    text    not null,
  instance      text    not null,
  cursor        integer not null,
  unique (topic, group_name, instance)
) strict;

-- What a subscription has looked at and not acknowledged. Hidden until visible_ms; delivered so many times; in
-- the hands of a holder, or of nobody.
create table semel_queue_delivery (
  subscription integer not null,
  seq          integer not null,
  visible_ms   integer not null,
  deliveries   integer not null,
  holder       integer,
  order_key    text,
  primary key (subscription, seq)
) strict, without rowid;

create index semel_queue_delivery_visible on semel_queue_delivery (subscription, visible_ms);

-- What is under way of one order key.
create index semel_queue_delivery_order on semel_queue_delivery (subscription, order_key, seq)
  where order_key is not null;
