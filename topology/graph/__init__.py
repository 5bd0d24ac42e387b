"""The traffic graph: a window of edge counts and a registry in, a Graph out."""
