"""The command line: words become typed options (`parser`), and a module a group of commands acts on them."""
