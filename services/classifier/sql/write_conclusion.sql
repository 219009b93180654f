-- Records what came of a document that is locked, and frees its place in line. What was not found anew in it stays.
-- $1 uuid document, $2 text outcome, $3 timestamptz told, $4 text topics as JSON, $5 text media type, $6 text language,
-- $7 boolean mismatch, $8 bytea vector, $9 text what made it, $10 text[] terms
UPDATE documents
SET outcome      = $2,
    told_at      = $3,
    topics       = $4::jsonb,
    media_type   = coalesce($5, media_type),
    language     = coalesce($6, language),
    mismatch     = CASE WHEN $5::text IS NULL THEN mismatch ELSE $7 END,
    vector       = coalesce($8, vector),
    vector_of    = CASE WHEN $8::bytea IS NULL THEN vector_of ELSE $9 END,
    terms        = coalesce($10, terms),
    changed_at   = clock_timestamp(),
    turn         = NULL,
    due_at       = NULL,
    leased_until = NULL,
    attempts     = 0
WHERE document_id = $1
