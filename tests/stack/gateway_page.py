"""A small page as a build would leave it, with what must never be served beside it."""

from __future__ import annotations

from pathlib import Path

SECRET = "swordfish"
INDEX = "<!doctype html><title>page</title><script type='module' src='/assets/app.0a1b2c.js'></script>"
SCRIPT = "console.log('x');\n" * 200


def small_page(folder: Path) -> Path:
    """Makes the page in `folder`; beside it is a secret that no path may reach."""
    page = folder / "page"
    files = {
        "index.html": INDEX,
        "assets/app.0a1b2c.js": SCRIPT,
        "assets/app.0a1b2c.js.map": SECRET,
        "assets/.hidden.js": SECRET,
        "favicon.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
        "favicon.svg.map": SECRET,
        ".env": SECRET,
        ".git/config": SECRET,
        "messages/de.json": "{}",
    }
    for name, text in files.items():
        (page / name).parent.mkdir(parents=True, exist_ok=True)
        (page / name).write_text(text)
    (folder / "secret.txt").write_text(SECRET)
    return page
