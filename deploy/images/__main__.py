"""Images: `python -m deploy.images build [NAME …] [--fresh]`, `standin`, `context NAME FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from deploy.images import docker, standin
from deploy.images.building import Builder, Order
from deploy.images.catalogue import IMAGES, images_for
from deploy.images.pinning import require_pinned
from deploy.local.console import Steps, say
from deploy.local.errors import StackError

PYTHON_IMAGE = "python:3.11-slim-bookworm"
UNPINNED_HELP = "takes a base of a registry that is not named by its digest"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deploy.images", description=__doc__)
    parser.add_argument("--base", default=os.environ.get("BASE", ""), help="image with Python 3.11 or newer and pip")
    parser.add_argument("--prefix", default=os.environ.get("DOCUVAULT_IMAGES") or "docuvault", help="of images' names")
    parser.add_argument("--tag", default=os.environ.get("DOCUVAULT_TAG") or "latest")
    parser.add_argument("--source", default=os.environ.get("SOURCE_URL", ""), help="where the source is, for a label")
    what = parser.add_subparsers(dest="what", required=True)
    build = what.add_parser("build", help="builds all images that a stack runs, or those named")
    build.add_argument("names", nargs="*", metavar="NAME", help=", ".join(IMAGES))
    build.add_argument("--unpinned", action="store_true", default=os.environ.get("UNPINNED") == "1", help=UNPINNED_HELP)
    build.add_argument("--fresh", action="store_true", help="builds whatever is there, and from nothing")
    build.add_argument("--secure", action="store_true", help="those of a secure stack, where none is named")
    context = what.add_parser("context", help="fills a folder with the context of one image")
    context.add_argument("name", choices=IMAGES)
    context.add_argument("folder", type=Path)
    what.add_parser("standin", help="makes a base image of Debian's packages, where no registry is reached")
    return parser


def _order(options: argparse.Namespace) -> Order:
    base = options.base or (PYTHON_IMAGE if docker.inspect(standin.TAG) is None else standin.TAG)
    if options.what == "build" and not options.unpinned:
        require_pinned(base)
    return Order(base, options.prefix, options.tag, options.source, fresh=getattr(options, "fresh", False))


def main(options: argparse.Namespace) -> None:
    """Does what was asked for. Raises StackError."""
    if options.what == "standin":
        say(f"{standin.make(os.environ.get('DEBIAN_MIRROR', ''))} is there")
        return
    with Steps() as steps:
        builder = Builder(_order(options), steps)
        if options.what == "context":
            options.folder.mkdir(parents=True)
            builder.context(IMAGES[options.name], options.folder)
            return
        if unknown := [name for name in options.names if name not in IMAGES]:
            raise StackError(f"there is no image {unknown[0]}; there are {', '.join(IMAGES)}")
        built = builder.build(options.names or images_for(secure=options.secure))
    say(f"built: {', '.join(built)}" if built else "all images are as their sources say")


if __name__ == "__main__":
    try:
        main(_parser().parse_args())
    except (StackError, OSError, ValueError) as error:
        sys.exit(f"docuvault: {error}")
    except KeyboardInterrupt:
        sys.exit("docuvault: interrupted")
