-- When the janitor's sweep runs next, and how it last ended.
SELECT due_at, finished_at, error FROM janitor.jobs WHERE name = 'sweep'
