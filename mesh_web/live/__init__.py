"""The live view: one builder publishes snapshots and deltas, every web process fans them out."""
