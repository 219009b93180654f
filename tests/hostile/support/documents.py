"""One small good document of each type that can be read, each with words of its own."""

from __future__ import annotations

from benchmarks.papers.packages import docx, epub, odt, pptx, xlsx
from benchmarks.papers.pdfs import pdf

WORDS = "The invoice for the repair of the roof is due within thirty days of delivery"

EML = f"""From: Ann <ann@example.org>
To: bob@example.org
Subject: The roof
Date: Mon, 3 Mar 2025 10:00:00 +0000
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{WORDS}.
""".replace("\n", "\r\n").encode()

HTML = f"""<!DOCTYPE html><html><head><title>Roof</title><script>alert(1)</script></head>
<body><h1>Roof</h1><p>{WORDS}</p></body></html>""".encode()

GOOD = {
    ".docx": docx(WORDS),
    ".xlsx": xlsx(WORDS),
    ".pptx": pptx(WORDS),
    ".odt": odt(WORDS),
    ".epub": epub(WORDS),
    ".pdf": pdf(WORDS),
    ".eml": EML,
    ".html": HTML,
    ".rtf": rb"{\rtf1\ansi\deff0{\fonttbl{\f0 Arial;}}\f0\fs24 " + WORDS.encode() + rb".\par}",
    ".md": f"# Roof\n\nSome *text*. {WORDS}.\n\n- one\n- two\n".encode(),
    ".csv": f"date,amount,what\n2024-01-01,12.50,{WORDS}\n2024-01-02,3.20,milk\n".encode(),
    ".svg": f'<svg xmlns="http://www.w3.org/2000/svg"><text x="1" y="2">{WORDS}</text></svg>'.encode(),
    ".xml": f'<?xml version="1.0"?><note><to>Bob</to><body>{WORDS}</body></note>'.encode(),
    ".py": f'import os\n\n\ndef main() -> None:\n    """{WORDS}."""\n    print(os.getcwd())\n'.encode(),
    ".txt": f"{WORDS}.\n".encode(),
}
"""By suffix. All hold WORDS."""
