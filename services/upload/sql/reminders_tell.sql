-- Tells again of documents that are as they were read ($2: when they were told of before) and still unanswered: $3 is now,
-- $4 to $7 the events, null where there is nothing to say yet. All else has been answered, or told, meanwhile. Then the
-- place ($8, $9) is the one up to which all have been looked at. How many events that were.
WITH wanted AS (
    SELECT *
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::text[], $5::bytea[], $6::bytea[], $7::text[])
        WITH ORDINALITY AS w (id, told_at, now, topic, key, value, headers, place)
),
told AS (
    UPDATE documents AS d
    SET told_at = w.now
    FROM wanted AS w
    WHERE d.id = w.id
      AND d.told_at = w.told_at
      AND (
          d.status = 'pending'
          OR (d.status = 'deleted' AND d.reason = 'document_deleted' AND coalesce(d.ruling, 'reserved') = 'reserved')
      )
    RETURNING d.id
),
said AS (
    INSERT INTO outbox (topic, key, value, headers)
    SELECT w.topic, w.key, w.value, w.headers::json
    FROM wanted AS w JOIN told USING (id)
    WHERE w.topic IS NOT NULL
    ORDER BY w.place
    RETURNING id
),
looked AS (
    UPDATE reminded_until SET told_at = $8, id = $9
)
SELECT count(*) FROM said
