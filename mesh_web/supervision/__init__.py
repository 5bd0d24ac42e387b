"""Keeping the processes of one Meshweb on one machine alive, and none of them longer."""
