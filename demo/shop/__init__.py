"""The shop's services, one module each, on the standard library (gRPC for one of them)."""
