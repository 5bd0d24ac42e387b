"""Kiali's appenders: each adds facts to nodes or edges of a finished traffic map."""
