"""The demo: a real registry with real models, so that the graph has something true to show.

`mlflow_server` keeps MLflow's own server in the data folder, `trainer` runs the training against it; `train.py` and
`training/` are what it runs: they belong to MLflow's environment and are never imported by the hub.
"""
