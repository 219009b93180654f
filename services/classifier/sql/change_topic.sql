-- Changes of a topic what is not null. One that is changed has no vector until it is made anew; one that stays as it is
-- is not written.
-- $1 uuid topic, $2 uuid user, $3 text name, $4 text folded name, $5 text description, $6 text[] keywords
UPDATE topics
SET name        = coalesce($3, name),
    folded      = coalesce($4, folded),
    description = coalesce($5, description),
    keywords    = coalesce($6, keywords),
    revision    = revision + 1,
    vector      = NULL,
    vector_of   = NULL,
    updated_at  = clock_timestamp()
WHERE id = $1
  AND user_id = $2
  AND deleted_at IS NULL
  AND (name, description, keywords)
      IS DISTINCT FROM (coalesce($3, name), coalesce($5, description), coalesce($6, keywords))
