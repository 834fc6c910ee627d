"""What changed between two commits or two models, whether it is more than noise, and the history of every metric."""
