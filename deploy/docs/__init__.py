"""The documentation as a site, and what keeps its links true."""
