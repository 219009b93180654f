"""The dashboards: one for the question that matters, and one for each service."""

from __future__ import annotations

from deploy.observe.panels import Board, Panel, Query, one, quantiles

_SERVICES = 'job=~"upload|quota|janitor|classifier"'
_API = 'route!~"/healthz|/readyz|/metrics"'

UPLOADS = Board(
    "uploads",
    "Is every upload getting through?",
    "The first two are the answer; the others say where it is stuck where it is not.",
    (
        one(
            "Oldest undecided upload", "s", 'max(docuvault_group_oldest_age_seconds{group="quota"})', "oldest",
            "As seen from outside the ledger; grows while nobody can look. Pages above 60 s.", 60,
        ),
        quantiles(
            "PUT to decision", "docuvault_ledger_decision_delay_seconds",
            "From an object's own time in the store to the commit of its decision. 99.9 % within 10 s is the SLO.",
            limit=10,
        ),
        Panel(
            "PUTs decided later than 10 s", "Shares of the last 5 min, hour and 6 hours; the objective is 0.1 %.",
            "percentunit",
            tuple(Query(f"slo:docuvault_puts_late:ratio_rate{window}", window) for window in ("5m", "1h", "6h")), 0.001,
        ),
        one(
            "Decisions", "ops", "sum by (outcome, reason) (rate(docuvault_ledger_decisions_total[1m]))",
            "{{outcome}} {{reason}}", "Committed decisions by outcome and reason.",
        ),
        one(
            "Records not settled", "short", "group:docuvault_lag_records:sum", "{{group}}",
            "How far each consumer group is behind, as seen from outside it.",
        ),
        one(
            "Age of the oldest message in an outbox", "s", "max by (job) (docuvault_outbox_oldest_age_seconds)",
            "{{job}}", "What a service has committed and not said yet. Pages above 60 s.", 60,
        ),
        Panel(
            "Events that the store holds back", "It tells Kafka every 3 s; what stays is decided by nobody.", "short",
            (Query("store:docuvault_untold_events:max", "in the store"),), 10_000,
        ),
        one(
            "Confirms by answer", "ops", "sum by (outcome) (rate(docuvault_confirm_wait_seconds_count[1m]))",
            "{{outcome}}", "undecided: the client has to ask again.",
        ),
        Panel(
            "What has to be looked at", "Each is 0 where all is well.", "short",
            (
                Query("sum(max by (group) (docuvault_dead_letters_open_records))", "open dead letters"),
                Query("max(docuvault_ledger_drifting_accounts)", "accounts that drift"),
                Query('sum(increase(docuvault_janitor_swept_total{outcome="healed"}[1h]))', "healed in 1 h"),
                Query("sum(max by (kind) (docuvault_janitor_standing_differences))", "keys that differ"),
                Query(f"count(up{{{_SERVICES}}} == 0)", "replicas that do not answer"),
                Query("max(docuvault_kafka_under_replicated_partitions)", "partitions that lack a broker"),
            ), 1,
        ),
    ),
)  # fmt: skip


def _common(job: str) -> tuple[Panel, ...]:
    """What each service has: its consumer, its requests, its trouble, its process."""
    of = f'job="{job}"'
    return (
        one(
            "Records settled", "ops", f"sum(rate(docuvault_consumer_batch_records_sum{{{of}}}[1m]))", "records",
            "Records of batches that are applied, said and committed.",
        ),
        quantiles(
            "A batch's time by step", "docuvault_consumer_step_seconds", "With back-offs.", by="step", where=of,
        ),
        one(
            "Requests by answer", "ops",
            f"sum by (status) (rate(docuvault_http_request_seconds_count{{{of}, {_API}}}[1m]))", "{{status}}",
            "Without probes and scrapes.",
        ),
        one(
            "Attempts that failed", "ops", f"sum by (work, step) (rate(docuvault_transient_retries_total{{{of}}}[1m]))",
            "{{work}} {{step}}", "Trouble that may pass: each is tried again.",
        ),
        one(
            "Processor time", "percentunit", f"rate(process_cpu_seconds_total{{{of}}}[1m])", "{{instance}}",
            "Of one core, by replica.",
        ),
        one(
            "The oldest commit", "s", f"max by (instance) (docuvault_postgres_oldest_commit_seconds{{{of}}})",
            "{{instance}}", "Under way. Pages above 5 s: the disk, or a synchronous standby, is waited for.", 5,
        ),
        one("Memory", "bytes", f"process_resident_memory_bytes{{{of}}}", "{{instance}}", "Resident, by replica."),
    )  # fmt: skip


UPLOAD = Board(
    "upload", "docuvault: upload", "The HTTP API of clients.",
    (
        quantiles(
            "A request's time", "docuvault_http_request_seconds", "Streams and probes are left out.",
            where='job="upload", route!~"/healthz|/readyz|/metrics|/events"',
        ),
        quantiles("How long a confirm waits", "docuvault_confirm_wait_seconds", "By answer.", by="outcome"),
        one("Open streams", "short", "sum by (instance) (docuvault_live_streams)", "{{instance}}", "To clients."),
        one("Events to streams", "ops", "sum by (event) (rate(docuvault_live_events_total[1m]))", "{{event}}", ""),
        one(
            "Calls to the store", "ops",
            'sum by (operation, outcome) (rate(docuvault_storage_call_seconds_count{job="upload"}[1m]))',
            "{{operation}} {{outcome}}", "transient: trouble that may pass.",
        ),
        one(
            "Messages in the outbox", "short", 'max(docuvault_outbox_messages{job="upload"})', "messages",
            "Counted up to 10,000.",
        ),
        *_common("upload"),
    ),
)  # fmt: skip

QUOTA = Board(
    "quota", "docuvault: quota", "The ledger.",
    (
        one(
            "Decisions", "ops", "sum by (outcome, reason) (rate(docuvault_ledger_decisions_total[1m]))",
            "{{outcome}} {{reason}}", "Committed decisions by outcome and reason.",
        ),
        one(
            "Records in a batch", "short",
            'sum(rate(docuvault_consumer_batch_records_sum{job="quota"}[1m])) / '
            'sum(rate(docuvault_consumer_batch_records_count{job="quota"}[1m]))', "records",
            "More under load: a batch costs a constant number of round trips.",
        ),
        one(
            "Accounts that drift", "short", "max(docuvault_ledger_drifting_accounts)", "accounts",
            "As the job drift last found them.", 1,
        ),
        one(
            "Records of the ledger's topics not settled", "short",
            'max by (topic) (docuvault_group_lag_records{group="quota"})', "{{topic}}", "As the janitor sees it.",
        ),
        *_common("quota"),
    ),
)  # fmt: skip

JANITOR = Board(
    "janitor", "docuvault: janitor", "Removal, the sweep, the walk of the bucket.",
    (
        one(
            "Uploads that the sweep looked up", "ops", "sum by (outcome) (rate(docuvault_janitor_swept_total[5m]))",
            "{{outcome}}", "healed: the store had told nobody.",
        ),
        one(
            "Keys that differ", "short", "max by (kind) (docuvault_janitor_standing_differences)", "{{kind}}",
            "As the last walk of the bucket met them.", 1,
        ),
        one(
            "Since a job last ended well", "s", "time() - max by (work) (docuvault_job_success_timestamp_seconds)",
            "{{work}}", "On whichever replica, of whichever service.",
        ),
        one(
            "Calls to the store", "ops",
            'sum by (operation, outcome) (rate(docuvault_storage_call_seconds_count{job="janitor"}[1m]))',
            "{{operation}} {{outcome}}", "transient: trouble that may pass.",
        ),
        *_common("janitor"),
    ),
)  # fmt: skip

CLASSIFIER = Board(
    "classifier", "docuvault: classifier", "Reading and filing.",
    (
        one(
            "Documents by outcome", "ops", "sum by (outcome) (rate(docuvault_classifier_documents_total[5m]))",
            "{{outcome}}", "Whose work came to an end.",
        ),
        one("Documents in line", "short", "max(docuvault_classifier_in_line)", "in line", "On whichever replica."),
        one(
            "Filed by mode", "ops", "sum by (mode, outcome) (rate(docuvault_classifier_filings_total[5m]))",
            "{{mode}} {{outcome}}", "none: no topic fits.",
        ),
        quantiles("A document's time by stage", "docuvault_classifier_stage_seconds", "Of one document.", by="stage"),
        quantiles(
            "Extraction by what came of it", "docuvault_classifier_extraction_seconds", "In a worker.", by="outcome",
        ),
        one(
            "Workers killed", "short", "sum by (why) (increase(docuvault_classifier_workers_killed_total[15m]))",
            "{{why}}", "In a quarter of an hour, by what it says of the document.",
        ),
        *_common("classifier"),
    ),
)  # fmt: skip

BOARDS = (UPLOADS, UPLOAD, QUOTA, JANITOR, CLASSIFIER)
