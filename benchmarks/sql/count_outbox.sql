-- How many events wait for their relay.
SELECT count(*) FROM outbox
