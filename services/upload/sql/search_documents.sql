-- As list_documents, of those whose file name has each of the words $7, and that are filed under the topic $6, null for
-- all. The names are read from documents_by_name alone, and of the rows only as many as make the page.
WITH looked_for AS MATERIALIZED (
    SELECT array_agg('%' || regexp_replace(name_folded(word), '([\\%_])', '\\\1', 'g') || '%') AS patterns
    FROM unnest($7::text[]) AS word
)
SELECT document.*, named.place
FROM (
    SELECT id, {key} AS place
    FROM documents
    WHERE user_id = $1
      AND ({key}, id) {follows} ($3::{type}, $4::uuid)
      AND (name_key LIKE ALL ((SELECT patterns FROM looked_for)::text[]) OR char_length(name_key) = 255)
    ORDER BY {key} {direction}, id {direction}
    OFFSET 0  -- the names first
) AS named,
LATERAL (
    SELECT * FROM documents WHERE documents.id = named.id OFFSET 0
) AS document
WHERE status NOT IN ('rejected', 'deleted')
  AND ($2::text IS NULL OR status = $2)
  AND (
      $6::text IS NULL
      OR status = 'classified' AND (
          topics @> jsonb_build_array(jsonb_build_object('topic_id', $6::text))
          OR topics @> jsonb_build_array(jsonb_build_object('name', $6::text))
      )
  )
  AND (char_length(name_key) < 255 OR name_folded(filename) COLLATE "C" LIKE ALL ((SELECT patterns FROM looked_for)::text[]))
ORDER BY named.place {direction}, named.id {direction}
LIMIT $5
