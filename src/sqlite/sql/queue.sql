-- append: one message to the log.
insert into semel_queue_message (topic, id, tag, message_key, headers, order_key, sent_ms, due_ms, body)
values (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- subscribe: a new group begins at the first message that is still kept.
--   1 topic, 2 group, 3 instance or ''
insert into semel_queue_subscription (topic, group_name, instance, cursor)
values (?, ?, ?, 0)
    on conflict (topic, group_name, instance) do nothing;

-- subscription: its number.
--   1 topic, 2 group, 3 instance or ''
select id
  from semel_queue_subscription
 where topic = ? and group_name = ? and instance = ?;

-- cursor: how far a subscription has come; no row when it was removed.
--   1 subscription
select cursor
  from semel_queue_subscription
 where id = ?;

-- advance: moves the cursor.
--   1 seq, 2 subscription
update semel_queue_subscription
   set cursor = ?
 where id = ?;

-- lastOf: the newest message of a topic.
--   1 topic
select max(seq) as seq
  from semel_queue_message
 where topic = ?;

-- nextVisible: when the next delivery can be made of what was looked at already.
--   1 subscription
select min(visible_ms) as visible_ms
  from semel_queue_delivery
 where subscription = ?;

-- visible: what comes again, or was delayed until now; not behind one of its order that others hold or that is hidden.
--   1 subscription, 2 now, 3 now, 4 holder, 5 limit
select d.seq, d.deliveries, m.topic, m.id, m.tag, m.message_key, m.headers, m.sent_ms, m.due_ms, m.body
  from semel_queue_delivery d
  join semel_queue_message m on m.seq = d.seq
 where d.subscription = ? and d.visible_ms <= ?
   and (d.order_key is null
        or not exists (select 1
                         from semel_queue_delivery e
                        where e.subscription = d.subscription and e.order_key = d.order_key and e.seq < d.seq
                          and e.visible_ms > ? and e.holder is not ?))
 order by d.seq
 limit ?;

-- behind: messages of a topic after a cursor.
--   1 topic, 2 cursor, 3 limit
select seq, topic, id, tag, message_key, headers, order_key, sent_ms, due_ms, body
  from semel_queue_message
 where topic = ? and seq > ?
 order by seq
 limit ?;

-- reach: a message is looked at by a subscription for the first time.
--   1 subscription, 2 seq, 3 visible from, 4 deliveries, 5 holder or null, 6 order key or null
insert into semel_queue_delivery (subscription, seq, visible_ms, deliveries, holder, order_key)
values (?, ?, ?, ?, ?, ?);

-- reachAll: every message of a topic between two numbers, none of which has an order.
--   1 subscription, 2 visible from, 3 holder, 4 topic, 5 after, 6 up to
insert into semel_queue_delivery (subscription, seq, visible_ms, deliveries, holder)
select ?, seq, ?, 1, ?
  from semel_queue_message
 where topic = ? and seq > ? and seq <= ?;

-- ahead: whether something of an order is under way in other hands, or in nobody's.
--   1 subscription, 2 order key, 3 holder
select 1 as stands
  from semel_queue_delivery
 where subscription = ? and order_key = ? and holder is not ?
 limit 1;

-- handOut: one more delivery.
--   1 visible from, 2 deliveries, 3 holder, 4 subscription, 5 seq
update semel_queue_delivery
   set visible_ms = ?, deliveries = ?, holder = ?
 where subscription = ? and seq = ?;

-- ack: ends a delivery, if it is still in these hands.
--   1 subscription, 2 seq, 3 holder, 4 deliveries
delete from semel_queue_delivery
 where subscription = ? and seq = ? and holder = ? and deliveries = ?;

-- ackFirst: ends deliveries between two numbers, if they are the first and still in these hands.
--   1 subscription, 2 from, 3 to, 4 holder
delete from semel_queue_delivery
 where subscription = ? and seq between ? and ? and holder = ? and deliveries = 1;

-- nack: gives a delivery back, if it is still in these hands.
--   1 visible from, 2 subscription, 3 seq, 4 holder, 5 deliveries
update semel_queue_delivery
   set visible_ms = ?, holder = null
 where subscription = ? and seq = ? and holder = ? and deliveries = ?;

-- renew: hides a delivery longer, if it is still in these hands.
--   1 visible from, 2 subscription, 3 seq, 4 holder, 5 deliveries
update semel_queue_delivery
   set visible_ms = ?
 where subscription = ? and seq = ? and holder = ? and deliveries = ?;

-- giveBack: everything that a holder has in hand.
--   1 visible from, 2 subscription, 3 holder
update semel_queue_delivery
   set visible_ms = ?, holder = null
 where subscription = ? and holder = ?;

-- trim: removes a message that every subscription of its topic has had; topics without any keep theirs.
--   1 seq
delete from semel_queue_message
 where seq = ?
   and exists (select 1 from semel_queue_subscription s where s.topic = semel_queue_message.topic)
   and not exists (
         select 1
           from semel_queue_subscription s
          where s.topic = semel_queue_message.topic
            and (s.cursor < semel_queue_message.seq
                 or exists (select 1
                              from semel_queue_delivery d
                             where d.subscription = s.id and d.seq = semel_queue_message.seq)));

-- trimAll: the same of messages between two numbers.
--   1 topic, 2 from, 3 to, 4 topic, 5 topic
delete from semel_queue_message
 where topic = ? and seq between ? and ?
   and seq <= (select min(s.cursor) from semel_queue_subscription s where s.topic = ?)
   and not exists (
         select 1
           from semel_queue_delivery d
          where d.seq = semel_queue_message.seq
            and d.subscription in (select s.id from semel_queue_subscription s where s.topic = ?));

-- after: message numbers of a topic, for going through all of them in steps.
--   1 topic, 2 seq, 3 limit
select seq
  from semel_queue_message
 where topic = ? and seq > ?
 order by seq
 limit ?;

-- topics: how many messages each keeps.
select topic, count(*) as messages, sum(length(body)) as bytes
  from semel_queue_message
 group by topic
 order by topic;

-- subscriptions: of all topics, with what is left for them.
--   1 to 5 now
select s.topic, s.group_name, s.instance,
       (select count(*) from semel_queue_message m
         where m.topic = s.topic and m.seq > s.cursor and m.due_ms <= ?) as unseen,
       (select count(*) from semel_queue_message m
         where m.topic = s.topic and m.seq > s.cursor and m.due_ms > ?) as undue,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms <= ?) as visible,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms > ? and d.holder is not null) as in_flight,
       (select count(*) from semel_queue_delivery d
         where d.subscription = s.id and d.visible_ms > ? and d.holder is null) as hidden
  from semel_queue_subscription s
 order by s.topic, s.group_name, s.instance;

-- removeDeliveries: of a subscription.
--   1 topic, 2 group, 3 instance or ''
delete from semel_queue_delivery
 where subscription in (select id from semel_queue_subscription
                         where topic = ? and group_name = ? and instance = ?);

-- removeSubscription: its place in the topic is forgotten.
--   1 topic, 2 group, 3 instance or ''
delete from semel_queue_subscription
 where topic = ? and group_name = ? and instance = ?;

-- removeOlder: messages of a topic by their age, whoever still waits for them.
--   1 topic, 2 sent before, 3 limit
delete from semel_queue_message
 where seq in (select seq from semel_queue_message where topic = ? and sent_ms < ? order by seq limit ?);

-- orphans: deliveries of messages that were removed.
--   1 topic
delete from semel_queue_delivery
 where subscription in (select id from semel_queue_subscription where topic = ?)
   and not exists (select 1 from semel_queue_message m where m.seq = semel_queue_delivery.seq);
