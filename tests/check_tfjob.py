"""Checks examples/tfjob.yaml against the models of Kubeflow's own Python SDK.

The SDK (kubeflow-training) is generated from the published schema of TFJob. The check
finds unknown fields, missing fields and wrong types. It needs no Kubernetes cluster.
"""

import re
import sys
from pathlib import Path

import kubernetes.client.models as kubernetes_models
import yaml
from kubeflow.training import models

MANIFEST = Path(__file__).parent.parent / "examples" / "tfjob.yaml"
PLAIN = {"str": str, "int": int, "bool": bool, "object": object}


def check(value, type_name, path):
    """Raises an error if `value` does not match the SDK's type of this name."""
    items = re.fullmatch(r"(list|dict)[\[(](?:\w+, )?(.+)[\])]", type_name)
    if items:
        pairs = value.items() if items[1] == "dict" else enumerate(value)
        for key, item in pairs:
            check(item, items[2], f"{path}.{key}")
    elif type_name in PLAIN:
        if not isinstance(value, PLAIN[type_name]):
            raise TypeError(f"{path}: {value!r} is not a {type_name}")
    else:
        model = getattr(models, type_name, None) or getattr(kubernetes_models, type_name)
        names = {written: name for name, written in model.attribute_map.items()}
        unknown = set(value) - set(names)
        if unknown:
            raise ValueError(f"{path}: {type_name} has no {sorted(unknown)}")
        model(**{names[key]: item for key, item in value.items()})  # ValueError: a missing field
        for key, item in value.items():
            check(item, model.openapi_types[names[key]], f"{path}.{key}")


if __name__ == "__main__":
    check(yaml.safe_load(MANIFEST.read_text(encoding="utf-8")), "KubeflowOrgV1TFJob", "tfjob")
    sys.stdout.write(f"{MANIFEST.name}: matches the SDK of Kubeflow's training operator\n")
