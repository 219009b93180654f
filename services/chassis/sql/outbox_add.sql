-- Stores messages in the order given; each of the four arrays has one element a message.
INSERT INTO outbox (topic, key, value, headers)
SELECT message.topic, message.key, message.value, message.headers::json
FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::text[])
    WITH ORDINALITY AS message (topic, key, value, headers, place)
ORDER BY message.place
