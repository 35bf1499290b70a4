"""The gate as a pipeline meets it: asked for a version and a stage, answered by an exit code and the reasons."""
