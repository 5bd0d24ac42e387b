"""Kiali's traffic graph: what a client asks, Prometheus's answers to Kiali's queries, Kiali's JSON.

Pure. `asked.parse` reads a request, `build.graph` asks its queries of any source of vectors and
answers the JSON; `stored` is such a source over what our own store counted.
Source: Kiali's graph API and the algorithm its documentation and its program describe.
"""
