"""Reading test reports from files: our own form as JSON or YAML, JUnit XML, SARIF."""
