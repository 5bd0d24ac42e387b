"""The PromQL language: text in, values out. Pure: samples come from a `Source`, time is an argument."""
