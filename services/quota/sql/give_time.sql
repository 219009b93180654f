-- Lets this transaction take so long ($1, in ms) for a statement, and for a pause between two.
SELECT
    set_config('statement_timeout', $1, true),
    set_config('idle_in_transaction_session_timeout', $1, true)
