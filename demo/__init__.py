"""The sample application: an online shop, its manifests, its visitors."""
