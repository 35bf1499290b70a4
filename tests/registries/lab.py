"""Writes into a real MLflow server over its REST API, without MLflow's client."""

from typing import Any

import httpx2

MLMODEL = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.sklearn
signature:
  inputs: '[{"type": "double", "name": "mean radius", "required": true}, {"type":
    "double", "name": "patient''s age", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
type_hint_from_example: false
"""


class Lab:
    """A data scientist's hands on one MLflow server."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def call(self, path: str, *, method: str = "POST", **body: Any) -> dict[str, Any]:
        reply = await self._client.request(method, f"/api/2.0/mlflow/{path}", json=body)
        assert reply.status_code == 200, f"{path}: {reply.text[:500]}"
        return dict(reply.json())

    async def experiment(self, name: str) -> str:
        return str((await self.call("experiments/create", name=name))["experiment_id"])

    async def run(self, experiment: str, *, tags: dict[str, str] | None = None, **more: Any) -> str:
        listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        started = await self.call(
            "runs/create", experiment_id=experiment, start_time=1_760_000_000_000, tags=listed, **more
        )
        return str(started["run"]["info"]["run_id"])

    async def model(self, name: str, *, description: str = "", tags: dict[str, str] | None = None) -> None:
        listed = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        await self.call("registered-models/create", name=name, description=description, tags=listed)

    async def version(self, name: str, *, source: str = "s3://bucket/m", **more: Any) -> dict[str, Any]:
        made = await self.call("model-versions/create", name=name, source=source, **more)
        return dict(made["model_version"])

    async def tag(self, name: str, version: str, key: str, value: str) -> None:
        await self.call("model-versions/set-tag", name=name, version=version, key=key, value=value)

    async def alias(self, name: str, alias: str, version: str) -> None:
        await self.call("registered-models/alias", name=name, alias=alias, version=version)

    async def logged_model(self, experiment: str, run: str) -> dict[str, Any]:
        made = await self.call(
            "logged-models",
            experiment_id=experiment,
            name="model",
            source_run_id=run,
            params=[{"key": "C", "value": "0.5"}],
            tags=[{"key": "mlflow.user", "value": "ada"}],
        )
        info = made["model"]["info"]
        id = info["model_id"]
        await self.call(f"logged-models/{id}", method="PATCH", model_id=id, status="LOGGED_MODEL_READY")
        return dict(info)

    async def file(self, artifact_uri: str, name: str, text: str) -> None:
        path = artifact_uri.removeprefix("mlflow-artifacts:/")
        url = f"/api/2.0/mlflow-artifacts/artifacts/{path}/{name}"
        reply = await self._client.put(url, content=text.encode())
        assert reply.status_code == 200, reply.text[:500]
