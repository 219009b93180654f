-- What became of each document, step by step, for its owner: written by the very update that is the step, so that it
-- costs no statement of its own. Where a row has none (of before, or restored) its timeline begins with the next step.

ALTER TABLE documents ADD COLUMN steps jsonb NOT NULL DEFAULT '[]';

COMMENT ON COLUMN documents.steps IS
    'what its events did to it, oldest first, 50 at most; its first, the URL, is created_at';

-- The steps with more after them. Of more than 50 the first 10 and the newest 39 stay, and between them one that tells how
-- many were left out.
CREATE FUNCTION steps_with(kept jsonb, more jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN jsonb_array_length(kept) + jsonb_array_length(more) <= 50 THEN kept || more
    ELSE jsonb_path_query_array(kept || more, '$[0 to 9]')
        || jsonb_build_object(
            'at', (kept || more) #> ARRAY[(jsonb_array_length(kept || more) - 40)::text, 'at'],
            'what', 'left_out',
            'detail', jsonb_build_object(
                'steps',
                jsonb_array_length(kept || more) - 49 + CASE
                    WHEN kept #>> '{10,what}' = 'left_out' THEN (kept #>> '{10,detail,steps}')::integer - 1
                    ELSE 0
                END
            )
        )
        || jsonb_path_query_array(kept || more, '$[last - 38 to last]')
END;
