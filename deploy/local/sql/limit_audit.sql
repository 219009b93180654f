-- The statements that let `audit` in, for reading only.
SELECT unnest(ARRAY[
    'GRANT CONNECT ON DATABASE docuvault TO audit',
    'ALTER ROLE audit SET default_transaction_read_only = on'
]);
