-- Writes what is known now of documents that are locked. One that does not wait leaves the line here; one that is to
-- wait enters it by enter_line.sql. What is forgotten goes from the row; its examples go by forget_examples.sql.
-- $1 uuid[] documents, $2 bigint[] versions, $3 text[] states, $4 text[] etags, $5 bigint[] sizes, $6 text[] traces,
-- $7 timestamptz[] wishes, $8 integer[] rounds, $9 boolean[] wait, $10 boolean[] corrected, $11 boolean[] forgotten
UPDATE documents
SET version      = news.version,
    state        = news.state,
    etag         = news.etag,
    size_bytes   = news.size_bytes,
    traceparent  = news.traceparent,
    asked_at     = news.asked_at,
    round        = news.round,
    corrected    = news.corrected,
    changed_at   = clock_timestamp(),
    turn         = CASE WHEN news.waits THEN documents.turn END,
    due_at       = CASE WHEN news.waits THEN documents.due_at END,
    leased_until = CASE WHEN news.waits THEN documents.leased_until END,
    attempts     = CASE WHEN news.waits THEN documents.attempts ELSE 0 END,
    outcome      = CASE WHEN news.forgotten THEN NULL ELSE documents.outcome END,
    told_at      = CASE WHEN news.forgotten THEN NULL ELSE documents.told_at END,
    topics       = CASE WHEN news.forgotten THEN '[]' ELSE documents.topics END,
    media_type   = CASE WHEN news.forgotten THEN NULL ELSE documents.media_type END,
    mismatch     = documents.mismatch AND NOT news.forgotten,
    language     = CASE WHEN news.forgotten THEN NULL ELSE documents.language END,
    vector       = CASE WHEN news.forgotten THEN NULL ELSE documents.vector END,
    vector_of    = CASE WHEN news.forgotten THEN NULL ELSE documents.vector_of END,
    terms        = CASE WHEN news.forgotten THEN '{}' ELSE documents.terms END
FROM unnest(
    $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[],
    $7::timestamptz[], $8::integer[], $9::boolean[], $10::boolean[], $11::boolean[]
) AS news (
    document_id, version, state, etag, size_bytes, traceparent, asked_at, round, waits, corrected, forgotten
)
WHERE documents.document_id = news.document_id
