"""First-class controls: what a slider or a switch means in Istio's resources. Pure."""
