-- A migration, and the wait for another replica's, may take longer than a statement of a request.
SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true)
