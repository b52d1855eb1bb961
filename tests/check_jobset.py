"""Checks examples/jobset.yaml against the models of Kubeflow Trainer, and its TF_CONFIG.

The models (kubeflow-trainer-api) are generated from the schema of JobSet. They check types and
missing fields. Unknown fields are found by comparison, since the models drop them. Then TF_CONFIG
has to name the host of each pod, by the rule of JobSet. It needs no Kubernetes cluster.
"""

import json
import sys
from pathlib import Path

import yaml
from kubeflow_trainer_api.models import JobsetV1alpha2JobSet

MANIFEST = Path(__file__).parent.parent / "examples" / "jobset.yaml"


def check_fields(manifest):
    """Raises an error for a wrong type, a missing field or an unknown field."""
    known = JobsetV1alpha2JobSet.from_dict(manifest).to_dict()
    if known != manifest:
        raise ValueError(f"not in the schema: the manifest is\n{manifest}\nand becomes\n{known}")


def hosts(manifest):
    """Returns the addresses of the pods, by replicated job."""
    name = manifest["metadata"]["name"]
    return {
        job["name"]: [
            f"{name}-{job['name']}-{replica}-{index}.{name}:2222"
            for replica in range(job.get("replicas", 1))
            for index in range(job["template"]["spec"]["completions"])
        ]
        for job in manifest["spec"]["replicatedJobs"]
    }


def check_cluster(manifest):
    """Raises an error if TF_CONFIG of a pod is not the cluster of the manifest and its task."""
    for job in manifest["spec"]["replicatedJobs"]:
        job_spec = job["template"]["spec"]
        assert job_spec["parallelism"] == job_spec["completions"], job["name"]
        (container,) = job_spec["template"]["spec"]["containers"]
        *sources, config = container["env"]
        assert [variable["name"] for variable in sources] == ["JOB", "INDEX"]  # before their use
        for index in range(job_spec["completions"]):
            text = config["value"].replace("$(JOB)", job["name"]).replace("$(INDEX)", str(index))
            expected = {"cluster": hosts(manifest), "task": {"type": job["name"], "index": index}}
            assert json.loads(text) == expected, (job["name"], index)


if __name__ == "__main__":
    loaded = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    check_fields(loaded)
    check_cluster(loaded)
    sys.stdout.write(f"{MANIFEST.name}: matches the models of Kubeflow Trainer\n")
