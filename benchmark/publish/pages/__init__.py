"""Pages, a module a template: from results to what a template fills in."""
