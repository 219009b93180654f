"""The modes of classification, a Filer each."""
