"""Brings lost rows of documents back from Kafka, for a database that was restored from a backup.

Only what nobody will say again to this service: that there is a document, and that its owner deleted it. All else comes
by the topics that it reads anyway, from before the backup on.
"""
