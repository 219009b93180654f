-- Takes a topic off some of the documents that are filed under it, and tells what is left of each. They are locked in
-- the order in which everybody locks documents. Each word about a document is later than the one before.
-- $1 uuid topic, $2 integer most
WITH picked AS MATERIALIZED (
    SELECT document_id
    FROM documents
    WHERE topics @> jsonb_build_array(jsonb_build_object('topic_id', $1::uuid::text))
    LIMIT $2
),
locked AS MATERIALIZED (
    SELECT document_id
    FROM documents
    WHERE document_id IN (SELECT document_id FROM picked)
      AND topics @> jsonb_build_array(jsonb_build_object('topic_id', $1::uuid::text))
    ORDER BY document_id
    FOR UPDATE
),
stripped AS (
    SELECT documents.document_id, coalesce(
        (
            SELECT jsonb_agg(filed.topic ORDER BY filed.place)
            FROM jsonb_array_elements(documents.topics) WITH ORDINALITY AS filed (topic, place)
            WHERE filed.topic ->> 'topic_id' <> $1::uuid::text
        ),
        '[]'
    ) AS topics
    FROM documents
    JOIN locked ON locked.document_id = documents.document_id
)
UPDATE documents
SET topics  = stripped.topics,
    told_at = greatest(clock_timestamp(), documents.told_at + interval '1 microsecond'),
    outcome = CASE
        WHEN documents.corrected THEN 'corrected'
        WHEN stripped.topics = '[]' THEN 'nothing_fits'
        ELSE documents.outcome
    END
FROM stripped
WHERE documents.document_id = stripped.document_id
RETURNING documents.document_id, documents.user_id, documents.object_key, documents.version, documents.told_at,
          documents.outcome, documents.topics::text, documents.media_type, documents.language
