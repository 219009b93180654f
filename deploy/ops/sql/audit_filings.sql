-- What the classifier knows of every document, by key: whether its bytes are paid for there, whether it waits, what was
-- said of it last. One whose owner wants nothing read leaves the line without a word.
SELECT
    documents.object_key AS key,
    documents.state,
    documents.version::integer AS version,
    documents.turn IS NOT NULL AS waits,
    documents.told_at,
    CASE WHEN documents.told_at IS NOT NULL THEN md5(documents.topics::text) END AS topics,
    coalesce(settings.mode = 'off', false) AS is_off
FROM classifier.documents
LEFT JOIN classifier.settings ON settings.user_id = documents.user_id
WHERE documents.state <> 'unheard'
ORDER BY documents.object_key
