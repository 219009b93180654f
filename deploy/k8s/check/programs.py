"""What the checks run: kubeconform, an API server and its etcd, each built from its Go module into the cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from deploy.local.artefacts import artefact
from deploy.local.bootstrap import cache_folder
from deploy.local.console import Note, Steps
from deploy.local.errors import StackError
from deploy.local.provision_go import GoProgram, go_for, provision_go
from deploy.local.provision_go_module import GoModule, provision_module, run_go

KUBECONFORM = GoProgram(
    name="kubeconform",
    title="kubeconform",
    module="github.com/yannh/kubeconform",
    version="v0.8.0",
    module_hash="h1:loDYd3a3spjIFrauqW67CDKF55Oo9R6uvC8AvpVd4ug=",
    folder="cmd/kubeconform",
)
KUBE = GoModule(
    name="kube",
    title="an API server and its etcd, built from source (takes 10 minutes and more)",
    folder=Path(__file__).with_name("kube"),
    programs={"kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver", "etcd": "go.etcd.io/etcd/server/v3"},
)
"""A Go module that pins both: Kubernetes' own cannot be installed by name, for it replaces modules by folders."""
MODULES = {
    "k8s.io/kubernetes@v1.37.2": "h1:A2VDEiObzkYqFTKhSsn0ZEb0RlLEXpHWj93gi2HqEwE=",
    "github.com/kedacore/keda/v2@v2.21.0": "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=",
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
}
"""Modules whose files are read, and what Go's checksum database says of them."""
_PROMETHEUS = "example/prometheus-operator-crd/monitoring.coreos.com_"
FILES = {
    "k8s.io/kubernetes@v1.37.2": ("api/openapi-spec/swagger.json",),
    "github.com/kedacore/keda/v2@v2.21.0": ("config/crd/bases/keda.sh_*.yaml",),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        f"{_PROMETHEUS}podmonitors.yaml",
        f"{_PROMETHEUS}prometheusrules.yaml",
    ),
}


def kubeconform(uv: Callable[[], Path], steps: Steps) -> Path:
    """The path of the binary."""
    return provision_go(KUBECONFORM, cache_folder(), uv, steps)


def kube(uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of kube-apiserver and etcd: a build of many minutes, once."""
    return provision_module(KUBE, cache_folder(), uv, steps)


def files(uv: Callable[[], Path], steps: Steps) -> Path:
    """The folder of the modules' files that are read, beside one another."""
    key = hashlib.sha256(json.dumps([MODULES, FILES], sort_keys=True).encode()).hexdigest()[:16]
    return artefact(
        cache_folder(), f"kube-files-{key}", "schemas of Kubernetes, KEDA and Prometheus", _taker(uv), steps
    )


def _taker(uv: Callable[[], Path]) -> Callable[[Path, Path, Note], None]:
    def take(scratch: Path, filled: Path, note: Note) -> None:
        go, environment = go_for(uv, scratch, note)
        for module, digest in MODULES.items():
            note(module)
            says = json.loads(
                run_go([str(go), "mod", "download", "-json", module], scratch, {**os.environ, **environment})
            )
            if says["Sum"] != digest:
                raise StackError(f"{module} has the hash {says['Sum']}: it was not taken")
            for path in (found for pattern in FILES[module] for found in Path(says["Dir"]).glob(pattern)):
                shutil.copyfile(path, filled / path.name)

    return take
