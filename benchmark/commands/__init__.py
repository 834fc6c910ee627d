"""The command line: a module a group of commands, the parser, settings and printing."""
