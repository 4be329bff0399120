"""The report: one HTML file that a person reads before trusting a model. It lies beside the model's files."""
