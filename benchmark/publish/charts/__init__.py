"""Charts, a module a subject: from results to a `Chart`."""
