-- Whether any of some users ($1) has an account by now. For users who had none when the batch's accounts were locked,
-- asked once its rows are read: whoever opens an account meanwhile may already have decided one of those rows under it.
SELECT EXISTS (SELECT FROM accounts WHERE user_id = ANY ($1::uuid[]))
