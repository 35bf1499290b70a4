"""MLflow's model registry and tracking server, read over its REST API.

Plain HTTP instead of MLflow's own client, which waits four minutes on a dead port and cannot share an environment with
the hub.
"""

from hub.registries.adapter import Adapter, AdapterConfig
from integrations.mlflow.registry import MLflowRegistry


def adapter(config: AdapterConfig) -> Adapter:
    """The entry point: an adapter for the MLflow server at `config.base_url`."""
    return MLflowRegistry(config)
