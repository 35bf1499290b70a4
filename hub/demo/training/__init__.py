"""What `train.py` trains: data, measures, cards and plans. Runs in MLflow's environment; imports nothing of the hub."""
